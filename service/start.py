"""How a serving process begins: what must be so before anything else of it is imported."""

import gc
import os


def start_serving(*, api_only: bool, no_worker: bool) -> None:
    """Serve an installation until stopped."""
    gc.disable()  # nothing of what is imported or laid out is ever garbage: looking for it takes a sixth of the start
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # requests are answered side by side: docs/decisions/0005
    from service.serving import check_installed, serve_all
    from service.settings import get_settings

    settings = get_settings()
    check_installed(settings)
    serve_all(settings, with_dashboard=not api_only, with_worker=settings.worker and not no_worker)
