//! What the first start prints: the next commands, ready to copy.

use std::fmt::{self, Write};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use multitenant_core::Email;
use secrecy::{ExposeSecret, SecretString};

/// The platform admin that the first start has made.
#[derive(Debug)]
pub struct NewAdmin {
    /// With what they sign in.
    pub email: Email,
    /// Their password, where it was generated: it is shown this once. `None` where it was given
    /// as `ERP_ADMIN_PASSWORD`.
    pub generated_password: Option<SecretString>,
}

/// The text to print after the first start: sign in as the admin, make a client, sign in there.
/// The commands run in any POSIX shell that has curl and sed.
#[must_use]
pub fn banner(listening: SocketAddr, admin: &NewAdmin) -> String {
    let url = base_url(listening);
    let mut text = String::new();
    // Writing to a string cannot fail.
    let _ = write_banner(&mut text, &url, admin);
    text
}

fn write_banner(out: &mut String, url: &str, admin: &NewAdmin) -> fmt::Result {
    let email = admin.email.as_str().replace('\'', r"'\''");
    writeln!(out, "The ERP server listens on {url}.")?;
    writeln!(out, "The first platform admin is {email}.")?;
    let password = match &admin.generated_password {
        Some(password) => {
            let password = password.expose_secret();
            writeln!(out, "The password is {password}; it is shown this once.")?;
            quoted(password)
        }
        None => "\"$ERP_ADMIN_PASSWORD\"".to_owned(),
    };
    write!(
        out,
        r#"
# 1. Sign in as the platform admin:
ADMIN_PASSWORD={password}
ADMIN_TOKEN=$(curl -sS {url}/api/enterprise/auth/login \
  -H 'content-type: application/json' \
  -d '{{"email":"{email}","password":"'"$ADMIN_PASSWORD"'"}}' \
  | sed -E 's/.*"token":"([^"]*)".*/\1/')

# 2. Make a client, with a database of its own:
CLIENT_PASSWORD=$(curl -sS {url}/api/enterprise/clients \
  -H "authorization: Bearer $ADMIN_TOKEN" -H 'content-type: application/json' \
  -d '{{"name":"Acme","slug":"acme","adminEmail":"ann@acme.example","adminName":"Ann"}}' \
  | sed -E 's/.*"temporaryPassword":"([^"]*)".*/\1/')

# 3. Sign in there as the client's first admin:
curl -sS {url}/api/client/auth/login \
  -H 'x-tenant-id: acme' -H 'content-type: application/json' \
  -d '{{"email":"ann@acme.example","password":"'"$CLIENT_PASSWORD"'"}}'
"#
    )
}

/// A text as a word of the shell.
fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', r"'\''"))
}

/// Where this machine reaches the server.
fn base_url(listening: SocketAddr) -> String {
    let mut reachable = listening;
    match listening.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => reachable.set_ip(Ipv4Addr::LOCALHOST.into()),
        IpAddr::V6(ip) if ip.is_unspecified() => reachable.set_ip(Ipv6Addr::LOCALHOST.into()),
        _ => {}
    }
    format!("http://{reachable}")
}

#[cfg(test)]
mod tests {
    use std::process::Command;

    use super::*;

    /// Stands in for curl: says how it was called, and answers like the server.
    const CURL: &str = r#"curl() {
        for argument in "$@"; do printf '<%s>' "$argument" >&2; done; echo >&2
        case $2 in
            */enterprise/auth/login) printf '{"refreshToken":"r","token":"T-1","expiresIn":900}' ;;
            */enterprise/clients) printf '{"admin":{"temporaryPassword":"7m3xk-1"},"success":true}' ;;
        esac
    }
    "#;

    fn admin(generated: Option<&str>) -> NewAdmin {
        NewAdmin {
            email: "o'neil@example.com".parse().unwrap(),
            generated_password: generated.map(SecretString::from),
        }
    }

    fn calls(banner: &str) -> Vec<String> {
        let commands = banner.split_once("\n\n").unwrap().1;
        let mut shell = Command::new("sh");
        shell.args(["-euc", &format!("{CURL}{commands}")]);
        let output = shell.env("ERP_ADMIN_PASSWORD", "chosen").output().unwrap();
        assert!(output.status.success(), "{output:?}");
        let calls = String::from_utf8(output.stderr).unwrap();
        calls.lines().map(str::to_owned).collect()
    }

    #[test]
    fn its_commands_sign_in_make_a_client_and_sign_in_there() {
        let listening = "0.0.0.0:3001".parse().unwrap();
        let calls = calls(&banner(listening, &admin(Some("pa$$'w"))));
        let json = "<-H><content-type: application/json><-d>";
        let sign_in = r#"{"email":"o'neil@example.com","password":"pa$$'w"}"#;
        let url = "<-sS><http://127.0.0.1:3001/api";
        assert_eq!(
            calls[0],
            format!("{url}/enterprise/auth/login>{json}<{sign_in}>")
        );
        assert!(calls[1].starts_with(&format!("{url}/enterprise/clients><-H>")));
        assert!(calls[1].contains("<authorization: Bearer T-1>"));
        let there = r#"{"email":"ann@acme.example","password":"7m3xk-1"}"#;
        let tenant = "<-H><x-tenant-id: acme>";
        assert_eq!(
            calls[2],
            format!("{url}/client/auth/login>{tenant}{json}<{there}>")
        );
        assert_eq!(calls.len(), 3);
    }

    #[test]
    fn a_password_that_was_chosen_is_not_shown() {
        let text = banner("[::1]:80".parse().unwrap(), &admin(None));
        assert!(text.contains("http://[::1]:80/"), "{text}");
        assert!(calls(&text)[0].contains(r#""password":"chosen""#));
    }

    #[test]
    fn a_generated_password_is_shown_in_its_sentence_and_in_the_command() {
        let text = banner("127.0.0.1:1".parse().unwrap(), &admin(Some("p-1")));
        assert_eq!(text.matches("p-1").count(), 2);
        assert!(!format!("{:?}", admin(Some("p-1"))).contains("p-1"));
    }
}
