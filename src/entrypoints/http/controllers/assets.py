"""A tenant's assets."""

from typing import Any

from litestar import Controller, Request, Response, get, post
from litestar.di import NamedDependency
from litestar.params import JSONBody

from core.application.assets.create_asset import CreateAssetHandler
from core.application.assets.list_assets import ListAssetsHandler
from entrypoints.http.context import context_of, principal_of
from entrypoints.http.pagination import DEFAULT_PAGE, Page, one_page, read_cursor
from entrypoints.http.parameters import Cursor, Limit
from entrypoints.http.positions import AssetPosition
from entrypoints.http.schemas.assets import AssetResponse, CreateAssetRequest


class AssetController(Controller):
    """Units of value."""

    path = "/assets"
    tags = ["Assets"]

    @post(operation_id="CreateAsset", summary="Add an asset")
    async def create(
        self,
        request: Request[Any, Any, Any],
        *,
        data: JSONBody[CreateAssetRequest],
        create_asset: NamedDependency[CreateAssetHandler],
    ) -> Response[AssetResponse]:
        """Add an asset of your own. The same again answers 200 and changes nothing."""
        asset, is_new = await create_asset(
            data.to_command(principal_of(request).tenant_id, trace_id=context_of(request).trace_id)
        )
        return Response(AssetResponse.of(asset), status_code=201 if is_new else 200)

    @get(operation_id="ListAssets", summary="List assets")
    async def page(
        self,
        request: Request[Any, Any, Any],
        *,
        list_assets: NamedDependency[ListAssetsHandler],
        limit: Limit = DEFAULT_PAGE,
        cursor: Cursor = None,
    ) -> Page[AssetResponse]:
        """Currencies of ISO 4217 and your own, by code."""
        after = read_cursor(cursor, AssetPosition)
        assets = await list_assets(
            principal_of(request).tenant_id, after="" if after is None else after.code, limit=limit + 1
        )
        return one_page(assets, limit, AssetResponse.of, lambda asset: AssetPosition(asset.code))
