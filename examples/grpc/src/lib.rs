//! gRPC for many tenants: the guard of `multitenant-axum` as a tower layer, and one interceptor
//! that gives each call its tenant.
//!
//! The service is gRPC's own health check, so that nothing has to be generated here.

use std::pin::Pin;

use futures_core::Stream;
use http::StatusCode;
use multitenant_axum::{Guard, GuardedBody};
use multitenant_core::gate::{Access, Gate, Passage};
use multitenant_core::tenant::Tenant;
use tokio::net::TcpListener;
use tokio_stream::wrappers::TcpListenerStream;
use tonic::body::Body;
use tonic::transport::Server;
use tonic::{Request, Response, Status, async_trait};
use tonic_health::pb::health_check_response::ServingStatus;
use tonic_health::pb::health_server::{Health, HealthServer};
use tonic_health::pb::{HealthCheckRequest, HealthCheckResponse};
use tower::ServiceBuilder;

/// Serves on `listener`; every call is a user's, in one tenant.
///
/// # Errors
/// When the server cannot go on.
pub async fn serve(gate: Gate, listener: TcpListener) -> Result<(), tonic::transport::Error> {
    let guard = ServiceBuilder::new()
        .map_response(in_grpc)
        .layer(Guard::new(gate, Access::USER));
    Server::builder()
        .layer(guard.into_inner())
        .add_service(HealthServer::with_interceptor(OwnDatabase, with_tenant))
        .serve_with_incoming(TcpListenerStream::new(listener))
        .await
}

/// A refusal is a problem with a status of HTTP; here it becomes one of gRPC, without a body.
fn in_grpc(response: http::Response<GuardedBody<Body>>) -> http::Response<Body> {
    let refused = match response.status() {
        StatusCode::OK => return response.map(Body::new),
        StatusCode::UNAUTHORIZED => Status::unauthenticated("a token of a user is required"),
        StatusCode::FORBIDDEN => Status::permission_denied("not here, or not by you"),
        StatusCode::NOT_FOUND => Status::not_found("there is no such tenant"),
        StatusCode::SERVICE_UNAVAILABLE => Status::unavailable("try again in a moment"),
        other => Status::internal(other.to_string()),
    };
    refused.into_http()
}

/// The interceptor: finds the tenant that the guard left in the call.
fn with_tenant(mut call: Request<()>) -> Result<Request<()>, Status> {
    let passage = call.extensions().get();
    let tenant = Passage::tenant(passage, "with_tenant")
        .cloned()
        .map_err(|misplaced| Status::internal(misplaced.to_string()))?;
    call.extensions_mut().insert(tenant);
    Ok(call)
}

fn tenant_of<T>(call: &Request<T>) -> Result<&Tenant, Status> {
    let tenant = call.extensions().get();
    tenant.ok_or_else(|| Status::internal("the service stands without its interceptor"))
}

/// Tells a tenant's users whether their own database answers.
struct OwnDatabase;

#[async_trait]
impl Health for OwnDatabase {
    type WatchStream = Pin<Box<dyn Stream<Item = Result<HealthCheckResponse, Status>> + Send>>;

    async fn check(
        &self,
        call: Request<HealthCheckRequest>,
    ) -> Result<Response<HealthCheckResponse>, Status> {
        let answers = tenant_of(&call)?.check().await;
        let answers = answers.map_err(|error| Status::unavailable(error.to_string()))?;
        Ok(Response::new(health(answers)))
    }

    /// Says that it is served, and once that ends, that it is not.
    async fn watch(
        &self,
        call: Request<HealthCheckRequest>,
    ) -> Result<Response<Self::WatchStream>, Status> {
        let tenant = tenant_of(&call)?.clone();
        let said = async_stream::stream! {
            yield Ok(health(true));
            tenant.revoked().await;
            yield Ok(health(false));
        };
        Ok(Response::new(Box::pin(said)))
    }
}

fn health(serving: bool) -> HealthCheckResponse {
    let status = match serving {
        true => ServingStatus::Serving,
        false => ServingStatus::NotServing,
    };
    HealthCheckResponse {
        status: status.into(),
    }
}
