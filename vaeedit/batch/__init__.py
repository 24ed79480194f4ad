"""Many files: from what the user typed to jobs, engines that do them, and a journal that none gets lost."""
