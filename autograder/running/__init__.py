"""Running the cells of a notebook and answering calls, wherever that happens: in a worker, or in the student's own process.

All of this folder is shown in the sandbox, with worker/ and model/ and nothing else of the package:
no right answer may lie here.
"""
