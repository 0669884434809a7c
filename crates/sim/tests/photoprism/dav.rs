//! WebDAV as a client meets it.

use reqwest::{Method, RequestBuilder};

use super::support::{Stand, header};

fn call(stand: &Stand, method: &str, path: &str) -> RequestBuilder {
    let request = stand.bare(Method::from_bytes(method.as_bytes()).unwrap(), path);
    request.basic_auth("admin", Some(stand.sim().password()))
}

async fn status(request: RequestBuilder) -> u16 {
    request.send().await.unwrap().status().as_u16()
}

#[tokio::test]
async fn files_are_put_listed_read_moved_and_deleted() {
    let stand = Stand::start().await;
    assert_eq!(status(call(&stand, "MKCOL", "/originals/Trip")).await, 201);
    assert_eq!(status(call(&stand, "MKCOL", "/originals/Trip")).await, 405);
    assert_eq!(status(call(&stand, "MKCOL", "/originals/a/b")).await, 409);
    let name = "/originals/Trip/%C3%89t%C3%A9.txt";
    assert_eq!(status(call(&stand, "PUT", name).body("0123456789")).await, 201);
    assert_eq!(status(call(&stand, "PUT", "/originals/x/y.txt").body("x")).await, 409);
    let part = call(&stand, "GET", name)
        .header("Range", "bytes=2-4")
        .send()
        .await
        .unwrap();
    assert_eq!(header(&part, "content-range").as_deref(), Some("bytes 2-4/10"));
    assert_eq!(
        (part.status().as_u16(), part.text().await.unwrap().as_str()),
        (206, "234")
    );
    let head = call(&stand, "HEAD", name).send().await.unwrap();
    assert_eq!(header(&head, "content-length").as_deref(), Some("10"));
    assert_eq!(status(call(&stand, "GET", "/originals/Trip/")).await, 405);

    let list = call(&stand, "PROPFIND", "/originals/")
        .header("Depth", "infinity")
        .send()
        .await
        .unwrap();
    assert_eq!(list.status(), 207);
    let list = list.text().await.unwrap();
    assert!(list.contains("<D:href>/originals/Trip/</D:href>"), "{list}");
    assert!(
        list.contains("<D:href>/originals/Trip/%C3%89t%C3%A9.txt</D:href>"),
        "{list}"
    );
    let near = call(&stand, "PROPFIND", "/originals/")
        .header("Depth", "1")
        .send()
        .await
        .unwrap()
        .text()
        .await
        .unwrap();
    assert!(!near.contains(".txt"), "{near}");

    let moved = |to: &'static str| call(&stand, "MOVE", name).header("Destination", to);
    assert_eq!(status(call(&stand, "MOVE", name)).await, 400);
    assert_eq!(
        status(call(&stand, "COPY", name).header("Destination", "/originals/copy.txt")).await,
        201
    );
    assert_eq!(status(moved("/originals/copy.txt").header("Overwrite", "F")).await, 412);
    assert_eq!(status(moved("http://example.org/originals/moved.txt")).await, 201);
    assert_eq!(status(call(&stand, "GET", name)).await, 404);
    assert_eq!(status(call(&stand, "DELETE", "/originals/moved.txt")).await, 204);
    assert_eq!(status(call(&stand, "DELETE", "/originals/moved.txt")).await, 404);
}

#[tokio::test]
async fn locks_hold_until_their_end() {
    let stand = Stand::start().await;
    call(&stand, "PUT", "/originals/note.txt")
        .body("x")
        .send()
        .await
        .unwrap();
    let lock = call(&stand, "LOCK", "/originals/note.txt")
        .header("Timeout", "Second-60")
        .send()
        .await
        .unwrap();
    let token = header(&lock, "lock-token").unwrap();
    assert_eq!(status(call(&stand, "PUT", "/originals/note.txt").body("y")).await, 423);
    let with_token = call(&stand, "PUT", "/originals/note.txt")
        .header("If", format!("({token})"))
        .body("y");
    assert_eq!(status(with_token).await, 201);
    stand.advance(61);
    assert_eq!(status(call(&stand, "PUT", "/originals/note.txt").body("z")).await, 201);
}

#[tokio::test]
async fn who_may_not_is_told_how_to_sign_in() {
    let stand = Stand::start().await;
    let nobody = stand
        .bare(Method::from_bytes(b"PROPFIND").unwrap(), "/originals/")
        .send()
        .await
        .unwrap();
    assert_eq!(nobody.status(), 401);
    assert!(header(&nobody, "www-authenticate").unwrap().starts_with("Basic"));
    let bearer = stand.bare(Method::OPTIONS, "/originals/").bearer_auth(&stand.token);
    assert_eq!(status(bearer).await, 200);
    for _ in 0..10 {
        let wrong = stand
            .bare(Method::OPTIONS, "/originals/")
            .basic_auth("admin", Some("wrong"));
        assert_eq!(status(wrong).await, 401);
    }
    assert_eq!(status(call(&stand, "OPTIONS", "/originals/")).await, 429);
    let read_only = Stand::with(|switches| switches.read_only = true).await;
    assert_eq!(status(call(&read_only, "MKCOL", "/originals/x")).await, 403);
    let public = Stand::with(|switches| switches.public = true).await;
    assert_eq!(status(call(&public, "OPTIONS", "/originals/")).await, 404);
}

#[tokio::test]
async fn what_was_written_is_indexed_when_it_has_been_quiet_for_a_while() {
    let stand = Stand::start().await;
    let mut picture = Vec::new();
    let encoder = jpeg_encoder::Encoder::new(&mut picture, 60);
    encoder.encode(&[90; 64], 8, 8, jpeg_encoder::ColorType::Luma).unwrap();
    let put = call(&stand, "PUT", "/originals/fav.jpg")
        .header("X-Favorite", "1")
        .header("X-OC-MTime", "1224685719");
    assert_eq!(status(put.body(picture)).await, 201);
    stand.advance(200);
    assert_eq!(stand.get("/status").await.0, 200);
    assert!(stand.sim().photos().is_empty());
    stand.advance(200);
    stand.get("/status").await;
    let photos = stand.sim().photos();
    assert_eq!(photos.len(), 1);
    assert!(photos[0].favorite, "the companion was read");
    assert_eq!(
        photos[0].taken_at, "2008-10-22T14:28:39Z",
        "the time of the file is the fall-back"
    );
}
