//! Entering a purchase through the browser's door.

use crate::id_after;
use crate::imports::owner;
use axum::http::StatusCode;
use peyvand_core::platform::text::Lang;
use peyvand_core::sales::purchases::{self, ListPurchases};
use peyvand_core::testing;

#[tokio::test]
async fn a_purchase_is_entered_from_the_customers_page_and_says_what_to_take() {
    for (lang, entered) in [(Lang::Fa, "خرید ثبت شد"), (Lang::Ar, "سُجل الشراء"), (Lang::En, "Purchase entered")] {
        let (_, ctx, mut browser) = owner(lang).await;
        let sara = testing::party(&ctx, "سارا").await;
        let here = format!("/purchases/new?party={sara}");
        assert!(browser.get(&format!("/parties/{sara}")).await.text.contains(&here));
        let form = browser.get(&here).await;
        assert_eq!((form.all("#code").len(), form.all("#from_credit").len()), (1, 0), "{}", form.text);
        let party = sara.to_string();
        let with =
            |amount: &'static str, code: &'static str| [("party", party.as_str()), ("settled", "1"), ("amount", amount), ("code", code)];
        let wrong = browser.post("/purchases", &with("1000", "12")).await;
        assert_eq!((wrong.status, wrong.all("#code-e").len()), (StatusCode::UNPROCESSABLE_ENTITY, 1));
        assert!(wrong.text.contains("value=\"۱۰۰۰\""), "what was written is still there, in the reader's digits");
        let nothing = browser.post("/purchases", &with("", "")).await;
        assert_eq!((nothing.status, nothing.all("#amount-e").len()), (StatusCode::UNPROCESSABLE_ENTITY, 1));
        let done = browser.post("/purchases", &with("1000", "")).await;
        assert_eq!((done.status, done.header("location")), (StatusCode::SEE_OTHER, format!("/parties/{sara}").as_str()));
        assert!(browser.get(&format!("/parties/{sara}")).await.text.contains(entered));
        assert_eq!(ctx.run(purchases::list, ListPurchases::default()).await.unwrap().items[0].party_id, Some(sara));
        let key = id_after(&form, "name=\"key\" value=\"");
        for _ in 0..2 {
            let twice = [("party", party.as_str()), ("settled", "1"), ("amount", "2000"), ("key", key.as_str())];
            assert_eq!(browser.post("/purchases", &twice).await.status, StatusCode::SEE_OTHER);
        }
        assert_eq!(ctx.run(purchases::list, ListPurchases::default()).await.unwrap().items.len(), 2, "sent twice, entered once");
    }
}
