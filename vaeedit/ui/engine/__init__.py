"""The page's work: worker processes, a queue that is fair among sittings, and the tasks that they do."""
