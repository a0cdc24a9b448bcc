"""What happens, in order: from a request to its outcome. Everything outside is a port."""
