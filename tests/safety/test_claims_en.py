"""Sentences as agents and clinicians say them: what claims a dose or a diagnosis, and what does not. English.

Of each list the last ones were written after the rules: of 24 claims 21 were caught at first sight, of 24 others none.
"""

from auricle.safety.claims import check_claim

DOSES = """
Ibuprofen 400 mg three times a day should help.
Try two tablets of paracetamol every six hours.
A dose of 500 mg is fine.
I recommend 500 mg of paracetamol.
I'd suggest ibuprofen 400 mg.
You could have 10 ml of the syrup at night.
Stop the metformin.
You need antibiotics, 250 mg twice daily.
Paracetamol, 500 mg, every six hours.
Two puffs of the inhaler in the morning will do.
It is safe to take up to 4 g a day.
One tablet after breakfast is enough.
You may take another 200 mg if it still hurts.
Five drops twice a day for a week.
Just skip the evening insulin.
The right amount is 5 ml.
Most adults take 10 mg at night.
You should stop the blood thinner before the test.
Go ahead and double the tablets.
I would start with 25 mg and go up slowly.
Please use 3 drops in each ear before bed.
Your child can get 7.5 ml every eight hours.
You can stop taking the antibiotics now.
Start aspirin today.
Half a tablet now and the other half tomorrow.
For that, cetirizine 10 mg once a day works well.
You must not take more than eight tablets in a day.
Raise the thyroxine to 75 mcg.
Doctors usually give 650 mg for fever.
Keep taking the 20 mg, and add 10 mg at noon.
Have a paracetamol tablet, 650 mg, whenever the pain comes back.
For the wax, 2 drops of olive oil nightly will soften it.
My advice is 200 mg after lunch.
Amoxicillin 500 mg thrice daily for five days is what people get.
You can safely go up to 3 tablets.
Don't worry, 1 g of paracetamol is safe.
Let's lower the prednisolone to 5 mg.
It's okay to skip the blood pressure tablets for a day.
Give the child one teaspoon every six hours.
A single tablet should be enough.
The dose should be around 20 units.
You ought to discontinue the warfarin.
"""
DIAGNOSES = """
It's probably an ear infection.
That sounds like otitis media.
This looks like tinnitus.
You've got an ear infection.
You're suffering from vertigo.
No need to worry, it is not cancer.
It isn't a stroke.
What you have is a middle ear infection.
You are having a heart attack.
It must be pneumonia.
That is typical of Meniere's disease.
These are the signs of a ruptured eardrum.
Your symptoms mean you have diabetes.
I am sure it is only wax.
This is caused by a perforated eardrum.
You have had a mini stroke.
It's nothing serious.
I think you have sinusitis.
Clearly an allergy.
You do not have an infection.
Most likely you have labyrinthitis.
Sounds like a classic migraine to me.
The cause is an infection in your inner ear.
Your blood pressure is too high, so you have hypertension.
You're diabetic.
I believe you're having a migraine.
This seems to be Meniere's disease.
So it's a ruptured eardrum.
It has to be the flu.
From this I would say you have tonsillitis.
That's definitely vertigo.
You've had a heart attack.
Your hearing loss comes from diabetes.
It is just a harmless infection.
It's nothing dangerous.
You are suffering from depression.
"""
ORDINARY = """
Our clinic opens at 9.
The hearing test takes 30 minutes.
Bring the tablets that you use.
You take ibuprofen 400 mg twice a day, I have noted it.
I have noted: ibuprofen 400 mg twice a day.
So that is metformin, 500 mg, once in the morning. Is that right?
Which medicines do you take, and how many mg of each?
Thank you, I have written down two tablets of paracetamol at night.
You mentioned that you take 5 mg of amlodipine daily.
I can't tell you how many tablets to take.
Please ask your doctor before you stop the metformin.
Don't stop your medicine without asking your doctor.
The leaflet says 10 ml twice a day.
The test costs 500 rupees.
We are two minutes from the station.
Come three times a week for therapy.
Your appointment is on Monday at ten in the morning.
The device holds a charge for 24 hours.
It could be many things; a clinician has to look at it.
I'm not able to say whether it is an infection.
Earwax can cause a blocked feeling.
Tinnitus is a ringing in the ears that others do not hear.
An ear infection may cause pain and fever.
You told me that you have diabetes.
Do you have asthma or any allergy?
Have you ever had a stroke?
You have a hearing test tomorrow.
You have three questions left.
That sounds difficult.
That sounds good to me.
It looks like you are free on Friday.
It is not far from here.
It's nothing you need to bring.
The cause has to be found by the doctor.
I understand, you have pain in your left ear.
You have had this pain for two days.
So you have a fever and a sore throat since Monday.
Please stop at the reception first.
Start with the left ear, please.
You can start the hearing test at any time.
Stop me whenever you like.
Keep the hearing aid dry and clean it once a day.
Use the app twice a day to practise.
The doctor will see you in ten minutes.
Take the lift to the second floor and turn left.
One of our colleagues will call you back today.
Drink a glass of water, and sit down.
Your doctor prescribed 250 mg, is that right?
According to your record you take one tablet at night.
I have booked you for the 10 o'clock slot.
We can see you at two times, nine or ten.
Please bring your tablets and your last report.
I have put down that you take one tablet of telmisartan.
Okay, aspirin 75 mg once a day.
The clinic does not sell hearing aids for less than 5000 rupees.
A hearing test has five parts and takes half an hour.
May I ask how long you have had diabetes?
Our audiologist treats tinnitus and vertigo.
Vertigo is the feeling that the room turns.
The information says that loud noise can damage hearing.
Let me write that down.
You can stop by any time before six.
I need your date of birth.
Your next dose of the vaccine is due in May, according to your record.
Try to rest and keep the ear dry until then.
It sounds like a busy day for you.
It's an eight minute walk from the bus.
The doctor can tell whether it is an infection.
You are welcome.
Thank you, three tablets a day, I wrote it down.
I understand you get dizzy twice a week.
That is typical for the monsoon.
Please start from the beginning.
You have asked me three things.
So that is metformin, 500 mg, once in the morning.
"""


def found(sentences: str) -> dict[str, str | None]:
    return {one: check_claim(one, "en").claim for one in sentences.strip().splitlines()}


def test_doses_are_found_however_they_are_said() -> None:
    assert {one for one, claim in found(DOSES).items() if claim != "dose"} == set()


def test_diagnoses_are_found_however_they_are_said() -> None:
    assert {one for one, claim in found(DIAGNOSES).items() if claim != "diagnosis"} == set()


def test_what_claims_nothing_is_left_alone() -> None:
    assert {one: claim for one, claim in found(ORDINARY).items() if claim} == {}


def test_what_hid_a_claim_in_front_of_it_does_not_hide_it() -> None:
    assert check_claim("400 mg, three times a day.", "en", "You can take ibuprofen,").claim == "dose"
    assert check_claim("you have pneumonia.", "en", "I looked at what you told me,").claim == "diagnosis"
    assert check_claim("500 mg in the morning.", "en", "So that is metformin,").claim is None
