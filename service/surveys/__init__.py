"""A class fills a survey in the browser: opened by a class code, filled by each student, taken in when it ends."""
