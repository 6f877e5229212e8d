"""Running a Program: the tiles, the Python that is called back, the data that comes out."""
