"""What a bundle's script is made of: functions of plain NumPy, each used as it stands here.

`scripts` puts together those that one network needs; the library runs the same functions.
"""
