"""fal's addresses. The app's own paths are all below its owner's name, the rest is fal's."""

from starlette.routing import Route

from generations.sandbox.fal import billing, hooks, queue, storage

REQUEST = "/fal-ai/{app}/requests/{request_id}"

ROUTES = [
    Route(f"{REQUEST}/status/stream", queue.stream),
    Route(f"{REQUEST}/status", queue.status),
    Route(f"{REQUEST}/cancel", queue.cancel, methods=["PUT"]),
    Route(REQUEST, queue.result),
    Route("/fal-ai/{path:path}", queue.submit, methods=["POST"]),
    Route("/.well-known/jwks.json", hooks.jwks),
    Route("/storage/upload/initiate", storage.initiate, methods=["POST"]),
    Route("/storage/put/{name}", storage.put, methods=["PUT"]),
    Route("/storage/auth/token", storage.token, methods=["POST"]),
    Route("/files/upload", storage.upload, methods=["POST"]),
    Route("/storage/file/{name}", storage.serve),
    Route("/v1/models/billing-events", billing.events),
    Route("/v1/models/pricing", billing.pricing),
]
