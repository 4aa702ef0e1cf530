//! Names in three scripts. The first of each list are the most common, as in life: a few names are everywhere.

/// The script a name is written in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Script {
    /// Persian.
    Persian,
    /// Arabic.
    Arabic,
    /// Latin.
    Latin,
}

/// First names, family names and endings of organisations in one script.
pub struct Names {
    /// First names.
    pub first: &'static [&'static str],
    /// Family names.
    pub last: &'static [&'static str],
    /// What some family names end with.
    pub endings: &'static [&'static str],
    /// How the name of a shop or company begins.
    pub firms: &'static [&'static str],
    /// Cities.
    pub cities: &'static [&'static str],
}

/// The names of a script.
#[must_use]
pub fn of(script: Script) -> &'static Names {
    match script {
        Script::Persian => &PERSIAN,
        Script::Arabic => &ARABIC,
        Script::Latin => &LATIN,
    }
}

static PERSIAN: Names = Names {
    first: &[
        "محمد", "فاطمه", "علی", "زهرا", "حسین", "مریم", "مهدی", "زینب", "رضا", "معصومه", "حسن", "سارا", "امیر", "نرگس", "احمد", "لیلا",
        "سعید", "مینا", "حمید", "الهام", "مجید", "نسرین", "محسن", "پریسا", "بهروز", "شیرین", "کامران", "شهلا", "فرهاد", "گلناز", "پژمان",
        "ژاله", "بابک", "آرزو", "داریوش", "نیلوفر", "کیوان", "مژگان", "یوسف", "رؤیا", "ابراهیم", "سمیه", "اسماعیل", "نازنین", "خسرو",
        "طاهره", "منصور", "فریبا", "ایرج", "ثریا",
    ],
    last: &[
        "محمدی", "حسینی", "احمدی", "رضایی", "مرادی", "کریمی", "موسوی", "جعفری", "قاسمی", "رحیمی", "اکبری", "صادقی", "نوری", "ابراهیمی",
        "هاشمی", "یوسفی", "شریفی", "باقری", "سلطانی", "کاظمی", "عباسی", "اسدی", "نجفی", "زارعی", "طاهری", "امینی", "حیدری", "نظری", "غلامی",
        "صالحی", "فتحی", "قربانی", "پارسا", "بهرامی", "خسروی", "شیرازی", "تهرانی", "اصفهانی", "تبریزی", "کرمانی", "گیلانی", "یزدی",
        "کاشانی", "همدانی", "اردبیلی", "سمنانی", "قزوینی", "لاریجانی", "چراغی", "ژیانی", "پورمند", "وثوقی", "ضیایی", "ظریفی", "ثابتی",
        "ذاکری", "خوش‌نویس", "زرگر", "نقاش", "آهنگر",
    ],
    endings: &["‌نژاد", "‌پور", "زاده", "‌فر", "‌نیا", " اصل", "‌منش", " راد"],
    firms: &["بازرگانی", "فروشگاه", "شرکت", "گروه صنعتی", "پوشاک", "دفتر"],
    cities: &[
        "تهران", "مشهد", "اصفهان", "شیراز", "تبریز", "کرج", "قم", "اهواز", "کرمانشاه", "رشت", "یزد", "همدان", "ارومیه", "کرمان", "ساری",
    ],
};

static ARABIC: Names = Names {
    first: &[
        "محمد", "فاطمة", "أحمد", "مريم", "علي", "نور", "حسين", "زينب", "يوسف", "سارة", "عمر", "ليلى", "خالد", "هدى", "عبد الله", "رنا",
        "إبراهيم", "سلمى", "حسن", "أمل", "ياسر", "دينا", "طارق", "هند", "كريم", "رغد", "سامي", "وفاء", "جاسم", "شيماء",
    ],
    last: &[
        "العلي", "الحسيني", "المحمد", "الهاشمي", "الجبوري", "العبيدي", "الدليمي", "التميمي", "الزهراني", "الغامدي", "القحطاني", "الشمري",
        "العتيبي", "الحربي", "المصري", "المنصوري", "الكعبي", "الخزرجي", "البغدادي", "البصري", "النجفي", "الشامي", "حداد", "نجار", "خياط",
        "عبد الرحمن", "عثمان", "يعقوب", "سليمان", "داود",
    ],
    endings: &[" الأكبر", " البكري", " الصغير"],
    firms: &["شركة", "مؤسسة", "مكتب", "مجموعة", "متجر"],
    cities: &["بغداد", "البصرة", "الرياض", "جدة", "دبي", "أبو ظبي", "القاهرة", "النجف", "الموصل", "الإسكندرية"],
};

static LATIN: Names = Names {
    first: &[
        "Mohammad", "Maria", "John", "Sara", "Ali", "Anna", "David", "Emma", "Omar", "Julia", "Peter", "Nina", "James", "Laura", "Karim",
        "Sophie", "Thomas", "Elena", "Hassan", "Clara", "Daniel", "Mina", "Robert", "Alice", "Amir", "Ingrid", "Paul", "Yasmin", "Martin",
        "Zoë",
    ],
    last: &[
        "Mohammadi", "Smith", "Ahmadi", "Müller", "Hosseini", "Brown", "Karimi", "Garcia", "Rezaei", "Rossi", "Jones", "Moradi", "Schmidt",
        "Williams", "Novak", "Taylor", "Johnson", "Silva", "Martin", "Andersson", "Kowalski", "Haddad", "Petrov", "Tanaka", "Nguyen",
        "Öztürk", "Walker", "Fischer", "Khan", "Dubois",
    ],
    endings: &["-Smith", " Jr", "-Weber", "son"],
    firms: &["Trading", "Studio", "Market", "Systems", "Group"],
    cities: &["Tehran", "London", "Hamburg", "Istanbul", "Dubai", "Vienna", "Toronto", "Baku"],
};
