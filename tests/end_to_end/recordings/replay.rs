//! A server that gives one recorded reply to whoever asks.

use std::sync::{Arc, Mutex};

use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};

use super::recording::Reply;

/// Headers that belong to the recorded connection.
const OF_THE_CONNECTION: [&str; 4] = ["transfer-encoding", "content-length", "connection", "date"];

#[derive(Debug, Clone)]
pub struct Request {
    /// Path and query.
    pub target: String,
}

/// The running server; it ends with the test.
pub struct Replay {
    pub url: String,
    requests: Arc<Mutex<Vec<Request>>>,
}

impl Replay {
    pub async fn start(reply: Reply) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let url = format!("http://{}", listener.local_addr().expect("address"));
        let requests = Arc::new(Mutex::new(Vec::new()));
        let log = Arc::clone(&requests);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let (reply, log) = (reply.clone(), Arc::clone(&log));
                tokio::spawn(async move {
                    let mut stream = BufReader::new(stream);
                    let Some(target) = read_request(&mut stream).await else {
                        return;
                    };
                    log.lock().expect("log").push(Request { target });
                    answer(stream.into_inner(), &reply).await;
                });
            }
        });
        Self { url, requests }
    }

    pub fn requests(&self) -> Vec<Request> {
        self.requests.lock().expect("log").clone()
    }
}

/// Reads a request to its end and returns its target.
async fn read_request(stream: &mut BufReader<TcpStream>) -> Option<String> {
    let mut line = String::new();
    stream.read_line(&mut line).await.ok()?;
    let target = line.split(' ').nth(1)?.to_owned();
    let mut length = 0;
    loop {
        line.clear();
        stream.read_line(&mut line).await.ok()?;
        let Some((name, value)) = line.trim_end().split_once(':') else {
            break;
        };
        if name.eq_ignore_ascii_case("content-length") {
            length = value.trim().parse().ok()?;
        }
    }
    stream.read_exact(&mut vec![0; length]).await.ok()?;
    Some(target)
}

async fn answer(mut stream: TcpStream, reply: &Reply) {
    // No status was recorded where the connection broke: it breaks here too.
    let Some(status) = reply.status else { return };
    let body = &reply.text;
    let mut head = format!(
        "HTTP/1.1 {status} Recorded\r\nconnection: close\r\ncontent-length: {}\r\n",
        body.len()
    );
    for (name, value) in &reply.headers {
        if !OF_THE_CONNECTION.contains(&name.to_ascii_lowercase().as_str()) {
            let value: String = value.chars().filter(char::is_ascii).collect();
            head += &format!("{name}: {value}\r\n");
        }
    }
    if !reply
        .headers
        .iter()
        .any(|(name, _)| name.eq_ignore_ascii_case("content-type"))
    {
        head += "content-type: application/json\r\n";
    }
    let _ = stream.write_all(format!("{head}\r\n{body}").as_bytes()).await;
    let _ = stream.shutdown().await;
}
