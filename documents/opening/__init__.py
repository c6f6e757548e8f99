"""Opening a file in a child process with limits, so that a hostile one harms nobody.

`inspect` says what a file is, `draw` makes pictures of its pages, `ink` tells what is printed on the first one: all in
`process`, on the trusted side. Everything else in this package runs in the child.
"""
