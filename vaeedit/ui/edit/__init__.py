"""The tab Edit: pictures, steps and their options, before and after, downloads."""
