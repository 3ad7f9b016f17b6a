"""One folder a vendor; each with its words (`wire`), a server half and a client half."""
