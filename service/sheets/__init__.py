"""The sheet of paper that a student and the parents take home after the talk."""
