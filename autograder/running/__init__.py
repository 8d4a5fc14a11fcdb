"""Running a notebook's cells and answering calls: in a worker, or in the student's process.

All of this folder is shown in the sandbox, with worker/ and model/ and nothing else of the package:
no right answer may lie here.
"""
