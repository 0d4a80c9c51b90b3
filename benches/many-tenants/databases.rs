use sqlx::postgres::PgConnectOptions;
use sqlx::{AssertSqlSafe, Connection, Executor, PgConnection};
use url::Url;

use crate::Result;

const TEMPLATE: &str = "client_db_load_template";
const ROWS: i64 = 1_000;

/// The tenants' databases.
pub(crate) struct Databases {
    administration: Url,
    urls: Vec<Url>,
}

/// Rows of each database, from 1 on.
pub(crate) const fn rows() -> i64 {
    ROWS
}

impl Databases {
    /// Makes what is not there yet.
    pub(crate) async fn make(url: &str, tenants: usize) -> Result<Self> {
        let administration = Url::parse(url)?;
        let mut connection = PgConnection::connect(url).await?;
        let there: Vec<String> = names(&mut connection).await?;
        if !there.iter().any(|name| name == TEMPLATE) {
            make_template(&mut connection, &administration).await?;
        }
        let mut urls = Vec::with_capacity(tenants);
        for tenant in 0..tenants {
            let name = format!("client_db_load_{tenant:05}");
            if !there.contains(&name) {
                let create = format!("CREATE DATABASE {name} TEMPLATE {TEMPLATE}");
                connection.execute(AssertSqlSafe(create)).await?;
            }
            urls.push(at(&administration, &name));
        }
        Ok(Self {
            administration,
            urls,
        })
    }

    pub(crate) fn url(&self, tenant: usize) -> &str {
        self.urls.get(tenant).map_or("", Url::as_str)
    }

    pub(crate) fn urls(&self) -> impl Iterator<Item = &str> {
        self.urls.iter().map(Url::as_str)
    }

    pub(crate) fn options(&self, tenant: usize) -> Result<PgConnectOptions> {
        Ok(self.url(tenant).parse()?)
    }

    /// A connection that is not counted.
    pub(crate) async fn observer(&self) -> Result<PgConnection> {
        Ok(PgConnection::connect(self.administration.as_str()).await?)
    }

    pub(crate) async fn drop_all(&self) -> Result<()> {
        let mut connection = self.observer().await?;
        for name in names(&mut connection).await? {
            let drop = format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)");
            connection.execute(AssertSqlSafe(drop)).await?;
        }
        Ok(())
    }
}

async fn names(connection: &mut PgConnection) -> Result<Vec<String>> {
    let ours = "SELECT datname FROM pg_database WHERE datname LIKE 'client\\_db\\_load\\_%'";
    Ok(sqlx::query_scalar(ours).fetch_all(connection).await?)
}

async fn make_template(connection: &mut PgConnection, administration: &Url) -> Result<()> {
    let create = format!("CREATE DATABASE {TEMPLATE}");
    connection.execute(AssertSqlSafe(create)).await?;
    let mut template = PgConnection::connect(at(administration, TEMPLATE).as_str()).await?;
    let fill = format!(
        "CREATE TABLE items (id BIGINT PRIMARY KEY, name TEXT NOT NULL);
         INSERT INTO items SELECT n, 'item ' || n FROM generate_series(1, {ROWS}) n;"
    );
    template.execute(sqlx::raw_sql(AssertSqlSafe(fill))).await?;
    template.execute("ANALYZE items").await?;
    Ok(template.close().await?)
}

fn at(administration: &Url, database: &str) -> Url {
    let mut url = administration.clone();
    url.set_path(database);
    url
}
