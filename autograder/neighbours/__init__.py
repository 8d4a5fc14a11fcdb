"""The neighbours: what learning platforms and other graders read and write.

sheet          a platform's own CSV file, in which one column is filled and every other byte stays
gradebooks     marks into Canvas's gradebook and Moodle's grading worksheet
feedback       the pages, zipped under the names by which the platform knows whose they are
gradescope     the ordinary grader as Gradescope's autograder
classroom      public checks as GitHub Classroom's points
"""
