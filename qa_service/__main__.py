"""`python -m qa_service` is `qa-service`."""

from qa_service.cli import main

main()
