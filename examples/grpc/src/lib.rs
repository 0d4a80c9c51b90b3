//! gRPC for many tenants: the guard of `multitenant-axum` as a tower layer, and one interceptor
//! that gives each call its tenant.
//!
//! The service is gRPC's own health check, so that nothing has to be generated here. Who is
//! refused gets the answer that any HTTP caller would, and a gRPC client reads its status:
//! 401 as `UNAUTHENTICATED`, 403 as `PERMISSION_DENIED`, 503 as `UNAVAILABLE`.

use std::pin::Pin;

use futures_core::Stream;
use multitenant_axum::Guard;
use multitenant_core::gate::{Access, Gate, Passage};
use multitenant_core::tenant::Tenant;
use tonic::transport::Server;
use tonic::transport::server::Router;
use tonic::{Request, Response, Status, async_trait};
use tonic_health::pb::health_check_response::ServingStatus;
use tonic_health::pb::health_server::{Health, HealthServer};
use tonic_health::pb::{HealthCheckRequest, HealthCheckResponse};

/// Every call is a user's, in one tenant.
pub fn server(
    gate: Gate,
) -> Router<tower::layer::util::Stack<Guard, tower::layer::util::Identity>> {
    Server::builder()
        .layer(Guard::new(gate, Access::USER))
        .add_service(HealthServer::with_interceptor(OwnDatabase, with_tenant))
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
