//! Proxies from the environment, and certificates of one's own: with real connections, a real proxy and real TLS.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use photomove_sim::{ServiceKind, SimOptions};
use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use tokio::io::{AsyncReadExt, AsyncWriteExt, copy_bidirectional};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;

use crate::support::{Stage, synthetic};

/// A domain that no name server knows (RFC 6761): whoever reaches it has gone through the proxy.
const DOMAIN: &str = "photomove.test";

/// An authority for certificates that nobody but a test trusts; made anew each time.
struct Authority {
    pem: String,
    issuer: rcgen::Issuer<'static, rcgen::KeyPair>,
}

impl Authority {
    fn new() -> Self {
        let key = rcgen::KeyPair::generate().expect("key");
        let mut params = rcgen::CertificateParams::new(Vec::new()).expect("parameters");
        params.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
        params.key_usages = vec![rcgen::KeyUsagePurpose::KeyCertSign];
        let pem = params.self_signed(&key).expect("certificate").pem();
        Self {
            pem,
            issuer: rcgen::Issuer::new(params, key),
        }
    }

    /// A server's side of TLS for a name.
    fn acceptor(&self, name: &str) -> TlsAcceptor {
        let key = rcgen::KeyPair::generate().expect("key");
        let params = rcgen::CertificateParams::new(vec![name.to_owned()]).expect("parameters");
        let certificate = params.signed_by(&key, &self.issuer).expect("certificate");
        let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der()));
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config = rustls::ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .expect("versions")
            .with_no_client_auth()
            .with_single_cert(vec![certificate.der().clone()], key)
            .expect("a certificate and its key");
        TlsAcceptor::from(Arc::new(config))
    }
}

/// Takes TLS off and passes on what is inside, to a stand-in.
async fn front(acceptor: TlsAcceptor, stand_in: SocketAddr) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("port");
    let address = listener.local_addr().expect("address");
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let acceptor = acceptor.clone();
            tokio::spawn(async move {
                // A client that does not trust the certificate hangs up.
                let Ok(mut inside) = acceptor.accept(stream).await else {
                    return;
                };
                let mut outside = TcpStream::connect(stand_in).await.expect("stand-in");
                let _ = copy_bidirectional(&mut inside, &mut outside).await;
            });
        }
    });
    address
}

/// What a proxy was asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Asked {
    line: String,
    signed_in: bool,
}

/// A proxy that tunnels to the hosts that it knows and keeps a list of what it was asked.
struct Proxy {
    address: SocketAddr,
    asked: Arc<Mutex<Vec<Asked>>>,
}

impl Proxy {
    async fn start(hosts: HashMap<String, SocketAddr>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("port");
        let address = listener.local_addr().expect("address");
        let asked = Arc::new(Mutex::new(Vec::new()));
        let kept = Arc::clone(&asked);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(serve(stream, hosts.clone(), Arc::clone(&kept)));
            }
        });
        Self { address, asked }
    }

    fn asked(&self) -> Vec<Asked> {
        self.asked.lock().expect("list").clone()
    }
}

async fn serve(mut stream: TcpStream, hosts: HashMap<String, SocketAddr>, kept: Arc<Mutex<Vec<Asked>>>) {
    let mut head = Vec::new();
    let mut byte = [0];
    while !head.ends_with(b"\r\n\r\n") && stream.read(&mut byte).await.is_ok_and(|read| read == 1) {
        head.push(byte[0]);
    }
    let head = String::from_utf8_lossy(&head).into_owned();
    let line = head.lines().next().unwrap_or_default().to_owned();
    let signed_in = head.to_lowercase().contains("proxy-authorization: basic ");
    let host = line
        .strip_prefix("CONNECT ")
        .and_then(|rest| rest.split(':').next())
        .map(str::to_owned);
    kept.lock().expect("list").push(Asked { line, signed_in });
    if hosts.is_empty() && !signed_in {
        let _ = stream
            .write_all(b"HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n")
            .await;
        return;
    }
    let Some(target) = host.and_then(|host| hosts.get(&host).copied()) else {
        let _ = stream
            .write_all(b"HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\n\r\n")
            .await;
        return;
    };
    let mut beyond = TcpStream::connect(target).await.expect("front");
    stream
        .write_all(b"HTTP/1.1 200 Connection established\r\n\r\n")
        .await
        .expect("reply");
    let _ = copy_bidirectional(&mut stream, &mut beyond).await;
}

/// Stand-ins behind TLS behind a proxy, at names of their own; the program is told nothing of it yet.
struct Ground {
    stage: Stage,
    proxy: Proxy,
    roots: String,
}

impl Ground {
    async fn new() -> Self {
        let mut stage = Stage::with(SimOptions {
            fill: Some(synthetic(2)),
            ..Stage::options()
        })
        .await;
        let authority = Authority::new();
        let roots = stage.path("roots.pem").display().to_string();
        std::fs::write(&roots, &authority.pem).expect("written");
        let mut hosts = HashMap::new();
        let mut places: HashMap<SocketAddr, String> = HashMap::new();
        let mut files: HashMap<String, String> = HashMap::new();
        for name in ["PHOTOMOVE_GOOGLE_TOKEN", "PHOTOMOVE_GOOGLE_CLIENT_SECRET"] {
            files.insert(
                name.to_owned(),
                std::fs::read_to_string(&stage.sims.env()[name]).expect("file"),
            );
        }
        let env: Vec<(String, String)> = stage.sims.env().clone().into_iter().collect();
        let texts = || {
            env.iter()
                .map(|(_, value)| value.clone())
                .chain(files.values().cloned())
        };
        for address in texts().flat_map(|text| loopback_addresses(&text)) {
            if places.contains_key(&address) {
                continue;
            }
            let name = format!("h{}.{DOMAIN}", places.len());
            hosts.insert(name.clone(), front(authority.acceptor(&name), address).await);
            places.insert(address, name);
        }
        let renamed = |text: &str| {
            let mut text = text.to_owned();
            for (address, name) in &places {
                text = text.replace(&format!("http://{address}"), &format!("https://{name}"));
            }
            text
        };
        for (name, value) in &env {
            if value.starts_with("http://") {
                stage.set(name, renamed(value));
            }
        }
        for (name, text) in &files {
            // The access token has run out: it is renewed by another client than the one for everything else.
            let text = renamed(text).replace("\"expires_at\": \"20", "\"expires_at\": \"19");
            let path = stage.path(&format!("{name}.json"));
            std::fs::write(&path, text).expect("written");
            stage.set(name, path.display().to_string());
        }
        for name in [
            "HTTP_PROXY",
            "http_proxy",
            "https_proxy",
            "ALL_PROXY",
            "all_proxy",
            "NO_PROXY",
            "no_proxy",
        ] {
            stage.set(name, "");
        }
        let proxy = Proxy::start(hosts).await;
        Self { stage, proxy, roots }
    }
}

/// `127.0.0.1:PORT` after each `http://` of a text.
fn loopback_addresses(text: &str) -> Vec<SocketAddr> {
    text.split("http://")
        .skip(1)
        .filter_map(|rest| {
            let end = rest
                .find(|c: char| !(c.is_ascii_digit() || ".:".contains(c)))
                .unwrap_or(rest.len());
            rest[..end].parse().ok()
        })
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn everything_goes_through_the_proxy_of_the_environment() {
    let mut ground = Ground::new().await;
    let proxy = format!("http://anna:hush@{}", ground.proxy.address);
    ground.stage.set("HTTPS_PROXY", &proxy);
    let run = ground
        .stage
        .photomove(&["--ca-cert", &ground.roots, "-vv", "amazon", "google", "--yes"])
        .await
        .expect_code(0);
    assert_eq!(ground.stage.google_items().await.len(), 2);
    assert!(!run.text().contains("hush"), "the proxy's password was printed");
    let asked = ground.proxy.asked();
    assert!(
        asked
            .iter()
            .all(|one| one.line.starts_with("CONNECT h") && one.signed_in),
        "{asked:?}"
    );
    // Amazon, Google's library, and whoever renews the token.
    let mut hosts: Vec<String> = asked.iter().map(|one| one.line.clone()).collect();
    hosts.sort();
    hosts.dedup();
    assert!(hosts.len() >= 4, "{hosts:?}");
    let doctor = ground
        .stage
        .photomove(&["--ca-cert", &ground.roots, "doctor"])
        .await
        .expect_code(0);
    let words = format!("HTTPS_PROXY is http://{}, with a sign-in", ground.proxy.address);
    assert!(doctor.stdout.contains(&words), "{}", doctor.stdout);
    assert!(
        doctor
            .stdout
            .contains(&format!("through http://{}", ground.proxy.address)),
        "{}",
        doctor.stdout
    );
    assert!(
        !doctor.text().contains("hush") && !doctor.text().contains("anna"),
        "{}",
        doctor.stdout
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_certificate_that_nobody_vouches_for_is_refused_in_clear_words() {
    let mut ground = Ground::new().await;
    ground
        .stage
        .set("ALL_PROXY", format!("http://{}", ground.proxy.address));
    for words in [&["amazon", "usage"][..], &["google", "usage"]] {
        let run = ground.stage.photomove(words).await.expect_code(2);
        assert!(run.stderr.contains("the certificate of https://h"), "{}", run.stderr);
        assert!(
            run.stderr.contains("is not trusted") && run.stderr.contains("--ca-cert"),
            "{}",
            run.stderr
        );
    }
    let doctor = ground.stage.photomove(&["doctor"]).await.expect_code(1);
    assert!(doctor.stdout.contains("is not trusted"), "{}", doctor.stdout);
    // Trusted roots of somebody else do not help.
    let other = ground.stage.path("other.pem");
    std::fs::write(&other, Authority::new().pem).expect("written");
    let other = other.display().to_string();
    ground
        .stage
        .photomove(&["--ca-cert", &other, "amazon", "usage"])
        .await
        .expect_code(2);
    ground
        .stage
        .photomove(&["--ca-cert", &ground.roots, "amazon", "usage"])
        .await
        .expect_code(0);
}

#[tokio::test(flavor = "multi_thread")]
async fn hosts_of_no_proxy_and_this_very_machine_are_reached_directly() {
    let mut ground = Ground::new().await;
    ground
        .stage
        .set("HTTPS_PROXY", format!("http://{}", ground.proxy.address));
    ground.stage.set("NO_PROXY", format!("example.org,.{DOMAIN}"));
    let run = ground
        .stage
        .photomove(&["--ca-cert", &ground.roots, "amazon", "usage"])
        .await
        .expect_code(1);
    assert!(run.stderr.contains("cannot be found"), "{}", run.stderr);
    assert_eq!(ground.proxy.asked(), []);
    // Stand-ins on this machine, and a proxy for everything.
    let mut stage = Stage::new(synthetic(2)).await;
    for name in ["HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"] {
        stage.set(name, format!("http://{}", ground.proxy.address));
    }
    stage.photomove(&["amazon", "google", "--yes"]).await.expect_code(0);
    assert_eq!(ground.proxy.asked(), []);
    assert!(stage.sims.service(ServiceKind::Google).is_some());
}

/// A proxy that cannot be used is to blame, not the service behind it.
#[tokio::test(flavor = "multi_thread")]
async fn a_proxy_that_cannot_be_used_is_named() {
    let mut ground = Ground::new().await;
    let strict = Proxy::start(HashMap::new()).await;
    let free = TcpListener::bind("127.0.0.1:0")
        .await
        .expect("port")
        .local_addr()
        .expect("address");
    for (proxy, words, hint) in [
        (format!("http://{}", strict.address), "wants a sign-in", "NAME:PASSWORD"),
        (
            format!("http://anna:hush@{}", strict.address),
            "does not connect to https://h",
            "NO_PROXY",
        ),
        (format!("http://{free}"), "nothing answers at the proxy", "HTTPS_PROXY"),
        (
            "http://nowhere.invalid:1".to_owned(),
            "the proxy http://nowhere.invalid:1 cannot be found",
            "HTTPS_PROXY",
        ),
    ] {
        ground.stage.set("HTTPS_PROXY", &proxy);
        let run = ground
            .stage
            .photomove(&["--ca-cert", &ground.roots, "doctor"])
            .await
            .expect_code(1);
        assert!(
            run.stdout.contains(words) && run.stdout.contains(hint),
            "{words}:\n{}",
            run.stdout
        );
        assert!(!run.text().contains("hush"), "{}", run.stdout);
    }
}
