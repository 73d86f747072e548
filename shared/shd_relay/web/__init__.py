"""The query side: `answer(Request) -> Response`, pure, over one table of routes."""
