//! The steps from a browser to this terminal, for somebody who has never opened its developer tools.

use photomove_amazon::Marketplace;

/// Returns the steps, in lines of at most 80 columns.
pub(super) fn text(shop: Option<Marketplace>) -> String {
    let page = match shop {
        Some(shop) => format!("https://www.{shop}/photos"),
        None => "https://www.amazon.com/photos   (or your shop: amazon.de, amazon.co.uk …)".to_owned(),
    };
    format!(
        "\
Sign in to Amazon Photos
Amazon has no door for programs, so photomove goes in with your browser: you
copy one request of the Photos page and paste it here. It takes two minutes.

 1. Open Amazon Photos in a browser, on this computer or another one, and sign
    in, with \"Keep me signed in\" ticked:
      {page}
 2. Press F12 (on a Mac: Option+Command+I). A panel with tools opens.
    Safari first wants: Settings, Advanced, \"Show features for web developers\".
 3. In the panel choose the tab \"Network\" (it may hide behind \"»\").
 4. Reload the page: Ctrl+R (on a Mac: Command+R). The panel fills with lines.
 5. Type  drive/v1  into the panel's filter field. A few lines stay.
 6. Click with the right mouse button on one of these lines, and choose
      Chrome, Edge  Copy, then \"Copy as cURL\" (bash or cmd, both will do)
      Firefox       Copy Value, then \"Copy as cURL\" (POSIX or Windows)
      Safari        \"Copy as cURL\"
 7. Come back to this window and paste: Ctrl+Shift+V, on a Mac Command+V, in
    most terminals of Windows a right click. Then press Enter.

What you paste is not shown. It opens your account as your password does, so
give it to nobody else; photomove keeps it on this computer only.
"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_line_fits_into_eighty_columns() {
        for shop in [None].into_iter().chain(Marketplace::all().map(Some)) {
            let text = text(shop);
            for line in text.lines() {
                assert!(line.chars().count() <= 80, "{line}");
            }
            assert_eq!(text.contains("your shop"), shop.is_none());
        }
    }
}
