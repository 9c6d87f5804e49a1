"""Bengali red flags as patients say them, in the script and in Roman letters."""

import pytest

from auricle.safety.redflags import default_watch
from auricle.safety.respond import emergency

SAID = [
    ("chest_pain", "আমার বুকে খুব ব্যথা করছে"),
    ("chest_pain", "বাবার বুকে চাপ লাগছে আর ঘাম হচ্ছে"),
    ("chest_pain", "buke betha korche ghumate parchi na"),
    ("chest_pain", "না, বুকে ব্যথা আছে"),
    ("chest_pain", "শুধু বুকে ব্যথা না, মাথাও ঘুরছে"),
    ("chest_pain", "বুকে ব্যথা ছাড়া আর কিছু নেই"),
    ("chest_pain", "গত বছর থেকে বুকে ব্যথা"),
    ("stroke", "মায়ের মুখ বেঁকে গেছে, কথা জড়িয়ে যাচ্ছে"),
    ("stroke", "ba hat obosh hoye geche"),
    ("stroke", "হঠাৎ ডান হাত নাড়াতে পারছি না"),
    ("suicidal_intent", "আমি আর বাঁচতে চাই না"),
    ("suicidal_intent", "more jete icche kore"),
    ("anaphylaxis", "ইনজেকশনের পরে ঠোঁট আর জিভ ফুলে গেছে"),
    ("breathing_trouble", "শ্বাস নিতে পারছি না"),
    ("breathing_trouble", "babar nishash nite koshto hocche"),
    ("breathing_trouble", "আমার খুব শ্বাসকষ্ট হচ্ছে"),
    ("severe_bleeding", "রক্ত বন্ধ হচ্ছে না"),
    ("severe_bleeding", "কাশির সাথে রক্ত আসছে"),
    ("overdose", "মেয়ে অনেকগুলো ঘুমের ওষুধ খেয়ে ফেলেছে"),
    ("overdose", "bhai bish kheyeche"),
    ("loss_of_consciousness", "দাদু অজ্ঞান হয়ে গেছেন"),
    ("loss_of_consciousness", "ডাকলেও উঠছে না"),
    ("seizure", "ছেলের খিঁচুনি হচ্ছে"),
    ("meningitis_signs", "জ্বর আর ঘাড় শক্ত হয়ে আছে"),
    ("head_injury", "মাথায় চোট লেগেছে তারপর বমি করছে"),
    ("pregnancy_emergency", "পেটের বাচ্চা নড়ছে না"),
    ("sudden_hearing_loss_neuro", "হঠাৎ কানে শুনতে পাচ্ছি না আর মাথা ঘুরছে"),
    ("sudden_hearing_loss", "আজ সকাল থেকে বাঁ কানে শুনতে পাচ্ছি না"),
    ("battery_swallowed", "বাচ্চা ব্যাটারি গিলে ফেলেছে"),
    ("head_injury", "ছাদ থেকে পড়ে গিয়ে মাথা ফেটে গেছে"),
]

NOT_SAID = [
    "বুকে ব্যথা নেই",
    "বুকে কোনো ব্যথা হচ্ছে না",
    "বুকে ব্যথা হয়নি",
    "buke betha nei",
    "buke betha korche na",
    "শ্বাসকষ্ট নেই, জ্বর আছে",
    "শ্বাস নিতে কোনো কষ্ট হচ্ছে না",
    "অজ্ঞান হইনি",
    "দুই বছর আগে বুকে ব্যথা হয়েছিল",
    "বুকের ব্যথা গত বছর সেরে গেছে",
    "যদি কারো বুকে ব্যথা হয় তাহলে আমি কী করব",
    "বুকে ব্যথা হলে কী করা উচিত",
    "স্ট্রোকের লক্ষণ কী",
    "খিঁচুনি কেন হয়",
    "আমি মরতে চাই না",
    "ব্যাটারি শেষ হয়ে গেছে",
    "কানে ব্যথা করছে",
    "রক্ত পরীক্ষা করাতে হবে",
    "book an appointment for knee pain",
    "মেশিনটা ঠিক ফিট হচ্ছে কানে",
    "টিভিতে দেখলাম একজন বিষ খেয়েছে",
    "আগে বুকে ব্যথা ছিল কিন্তু এখন নেই",
]


@pytest.mark.parametrize(("category", "text"), SAID)
def test_a_bengali_red_flag_is_found_and_named(category, text):
    found = {flag.category for flag in default_watch().search_all(text)}
    assert category in found, found


@pytest.mark.parametrize("text", NOT_SAID)
def test_bengali_denials_old_stories_and_questions_are_none(text):
    assert default_watch().search_all(text) == []


def test_the_scripts_are_bengali_and_name_the_numbers():
    for text in ("বুকে ব্যথা করছে", "রক্ত বন্ধ হচ্ছে না", "খিঁচুনি হচ্ছে", "অজ্ঞান হয়ে গেছে", "বিষ খেয়েছে"):
        script = emergency(text, "bn", number="108")
        assert script and "1 0 8" in script.text and "এআই" in script.text
    crisis = emergency("আমি মরতে চাই", "bn")
    assert crisis and "1 4 4 1 6" in crisis.text
