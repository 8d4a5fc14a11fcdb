"""The room where student code runs. Nobody imports it: it is started as a program."""
