"""Net air passengers of Australia against net overseas migration."""
