use multitenant_axum::Problem;

async fn count(text: String) -> Result<(), Problem> {
    text.parse::<u8>()?;
    Ok(())
}

fn main() {
    let _ = count;
}
