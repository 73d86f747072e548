"""The only rooms that know an SDK. Each import of one stands inside the function that needs it (cold start)."""
