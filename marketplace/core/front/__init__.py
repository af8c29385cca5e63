"""What stands between the connections and the application: nobody holds a thread by sending or reading slowly.

The server (granian, RSGI) reads and writes on an event loop. The front receives a body, within a deadline, before any
thread works on the request; what the application answers is sent on the loop again. So the threads of the application
only ever compute, and no number of slow clients stops it.
"""
