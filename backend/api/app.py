"""The HTTP application: all routes behind one guard."""

from fastapi import FastAPI

from backend.access.access import Access
from backend.access.guard import Guard
from backend.api.answers import answer_errors
from backend.api.datasets import dataset_router
from backend.api.inputs import input_router
from backend.api.login import login_router
from backend.api.maps import map_router
from backend.api.mcp import mcp_router
from backend.api.memory import memory_router
from backend.api.page import page_router
from backend.api.pictures import picture_router
from backend.api.poses import pose_router
from backend.api.preprocessors import preprocessor_router
from backend.api.readings import reading_router
from backend.api.series import series_router
from backend.api.trainings import trainings_router
from backend.api.upscaling import upscaling_router
from backend.api.verbs import Verbs


def create_app(studio: Verbs, access: Access) -> FastAPI:
    """The application with every route; the page is mounted on it at `/`."""
    app = _guarded(access)
    app.include_router(login_router(access))
    app.include_router(page_router(studio))
    app.include_router(picture_router(studio))
    app.include_router(reading_router(studio))
    app.include_router(series_router(studio))
    app.include_router(upscaling_router(studio))
    app.include_router(trainings_router(studio))
    app.include_router(input_router(studio))
    app.include_router(map_router(studio))
    app.include_router(pose_router(studio))
    app.include_router(preprocessor_router(studio))
    app.include_router(dataset_router(studio))
    app.include_router(memory_router(studio))
    app.include_router(mcp_router(studio))
    return app


def create_mcp_app(studio: Verbs, access: Access) -> FastAPI:
    """The tool and its pictures alone, for the extra ports that MCP clients expect."""
    app = _guarded(access)
    app.include_router(picture_router(studio))
    app.include_router(input_router(studio))
    app.include_router(mcp_router(studio))
    return app


def _guarded(access: Access) -> FastAPI:
    app = FastAPI(title="Easel", openapi_url=None, docs_url=None, redoc_url=None)
    app.add_middleware(Guard, access=access)
    answer_errors(app)
    return app
