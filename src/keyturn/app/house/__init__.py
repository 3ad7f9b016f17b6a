"""Our own directory, put together, and the bridge from the asynchronous edges to the synchronous core."""
