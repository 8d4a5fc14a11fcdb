"""Those who can be asked: the same calls on this process and on a sandboxed worker."""
