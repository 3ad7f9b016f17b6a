"""Whether what people use today works unmodified against `keyturn serve`: Postman's newman, IBM's own client."""
