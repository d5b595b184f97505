"""Make the tables of sessions as they are now, in one step: every new database and every test run pays for it.

The six migrations it stands for stay beside it for databases that have some of them; a database that has all
of them has nothing to do. The six go, and `replaces` with them, when no database is left that lacks one.
"""

import uuid

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

from telehealth.core.append_only import AppendOnly


class Migration(migrations.Migration):
    replaces = [
        ("iop", "0001_initial"),
        ("iop", "0002_append_only"),
        ("iop", "0003_sign_off_and_absences"),
        ("iop", "0004_append_only_judgements"),
        ("iop", "0005_index_facts_to_read"),
        ("iop", "0006_room_authority"),
    ]

    initial = True

    dependencies = [
        ("enrollment", "0004_append_only_terms"),
        ("programs", "0004_append_only_again"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="FactCursor",
            fields=[
                ("source_boot", models.CharField(max_length=64, primary_key=True, serialize=False)),
                ("seq", models.PositiveBigIntegerField(default=0)),
                ("as_of", models.DateTimeField(help_text="The journal is complete up to this instant")),
                (
                    "is_closed",
                    models.BooleanField(default=False, help_text="The boot is over and fully read"),
                ),
            ],
        ),
        migrations.CreateModel(
            name="SessionSeries",
            fields=[
                (
                    "id",
                    models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False),
                ),
                ("title", models.CharField(max_length=120)),
                (
                    "service_type",
                    models.CharField(
                        choices=[
                            ("group_therapy", "Group therapy"),
                            ("individual_therapy", "Individual therapy"),
                            ("family_therapy", "Family therapy"),
                            ("psychoeducation", "Psychoeducation"),
                            ("life_skills", "Life skills"),
                            ("relapse_prevention", "Relapse prevention"),
                            ("aftercare_planning", "Aftercare planning"),
                            ("discharge_meeting", "Discharge meeting"),
                            ("medication_management", "Medication management"),
                            ("case_management", "Case management"),
                            ("peer_support", "Peer support"),
                            ("career_academic_support", "Career and academic support"),
                            ("complementary", "Complementary"),
                            ("intake_assessment", "Intake assessment"),
                            ("orientation", "Orientation"),
                            ("phone_checkup", "Phone check-up"),
                        ],
                        default="group_therapy",
                        max_length=40,
                    ),
                ),
                ("weekdays", models.JSONField(help_text="List of 0 (Monday) to 6 (Sunday)")),
                ("starts_at", models.TimeField(help_text="Wall-clock start in the program's zone")),
                ("duration_min", models.PositiveIntegerField()),
                (
                    "breaks",
                    models.JSONField(
                        default=list, help_text="Planned breaks: [[minutes after start, length in minutes]]"
                    ),
                ),
                ("starts_on", models.DateField()),
                ("until_on", models.DateField()),
                ("created_at", models.DateTimeField()),
                (
                    "created_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "facilitator",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "program",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="series",
                        to="programs.program",
                    ),
                ),
                (
                    "track",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="series",
                        to="programs.track",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="GroupSession",
            fields=[
                (
                    "id",
                    models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False),
                ),
                (
                    "occurrence_on",
                    models.DateField(
                        blank=True,
                        help_text="Which day of the series this is, wherever it was moved to",
                        null=True,
                    ),
                ),
                ("title", models.CharField(max_length=120)),
                (
                    "service_type",
                    models.CharField(
                        choices=[
                            ("group_therapy", "Group therapy"),
                            ("individual_therapy", "Individual therapy"),
                            ("family_therapy", "Family therapy"),
                            ("psychoeducation", "Psychoeducation"),
                            ("life_skills", "Life skills"),
                            ("relapse_prevention", "Relapse prevention"),
                            ("aftercare_planning", "Aftercare planning"),
                            ("discharge_meeting", "Discharge meeting"),
                            ("medication_management", "Medication management"),
                            ("case_management", "Case management"),
                            ("peer_support", "Peer support"),
                            ("career_academic_support", "Career and academic support"),
                            ("complementary", "Complementary"),
                            ("intake_assessment", "Intake assessment"),
                            ("orientation", "Orientation"),
                            ("phone_checkup", "Phone check-up"),
                        ],
                        max_length=40,
                    ),
                ),
                ("scheduled_start", models.DateTimeField()),
                ("scheduled_end", models.DateTimeField()),
                (
                    "planned_breaks",
                    models.JSONField(default=list, help_text="[[RFC 3339 start, end]] in UTC"),
                ),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("SCHEDULED", "Scheduled"),
                            ("OPEN", "Open"),
                            ("ENDED", "Ended"),
                            ("CANCELLED", "Cancelled"),
                        ],
                        default="SCHEDULED",
                        max_length=12,
                    ),
                ),
                ("opened_at", models.DateTimeField(null=True)),
                ("ended_at", models.DateTimeField(null=True)),
                ("on_break_since", models.DateTimeField(null=True)),
                (
                    "auto_end_at",
                    models.DateTimeField(help_text="Set while no facilitator is in the open room", null=True),
                ),
                ("cancel_reason", models.CharField(blank=True, max_length=200)),
                (
                    "is_room_locked",
                    models.BooleanField(
                        default=False,
                        help_text="Nobody new comes in, not even to wait; who held a seat may come back",
                    ),
                ),
                (
                    "room_seq",
                    models.PositiveIntegerField(default=0, help_text="Number of the last room event"),
                ),
                (
                    "fact_seq",
                    models.PositiveIntegerField(
                        default=0, help_text="Number of the last fact the web side wrote"
                    ),
                ),
                (
                    "roster_state",
                    models.CharField(
                        choices=[
                            ("COMPUTED", "Computed, not signed"),
                            ("ATTESTED", "Signed by the facilitator"),
                            ("LOCKED", "Locked: the week is closed or was exported"),
                            ("AMENDED", "Amended after the lock"),
                        ],
                        default="COMPUTED",
                        max_length=12,
                    ),
                ),
                ("locked_at", models.DateTimeField(help_text="When the roster was locked", null=True)),
                (
                    "is_attendance_due",
                    models.BooleanField(default=False, help_text="Facts came after the last computation"),
                ),
                (
                    "facilitator",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="facilitated_sessions",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "program",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="group_sessions",
                        to="programs.program",
                    ),
                ),
                (
                    "terms",
                    models.ForeignKey(
                        help_text="Frozen at scheduling",
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="programs.creditterms",
                    ),
                ),
                (
                    "track",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="group_sessions",
                        to="programs.track",
                    ),
                ),
                (
                    "track_terms",
                    models.ForeignKey(
                        blank=True,
                        help_text="The track's own terms over the program's; frozen at scheduling",
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="programs.creditterms",
                    ),
                ),
                (
                    "series",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="group_sessions",
                        to="iop.sessionseries",
                    ),
                ),
            ],
            options={
                "indexes": [models.Index(fields=["program", "scheduled_start"], name="iop_session_by_start")],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("series", "occurrence_on"), name="iop_session_occurrence_once"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("scheduled_end__gt", models.F("scheduled_start"))),
                        name="iop_session_has_length",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("state__in", ["SCHEDULED", "OPEN", "ENDED", "CANCELLED"])),
                        name="iop_session_state_known",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("roster_state__in", ["COMPUTED", "ATTESTED", "LOCKED", "AMENDED"])
                        ),
                        name="iop_roster_state_known",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Correction",
            fields=[
                (
                    "id",
                    models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False),
                ),
                (
                    "old_min",
                    models.PositiveIntegerField(
                        help_text="Credited minutes before, earlier corrections included"
                    ),
                ),
                ("new_min", models.PositiveIntegerField()),
                (
                    "reason",
                    models.CharField(
                        choices=[
                            ("device_failure", "The patient's device failed"),
                            ("platform_outage", "Our platform failed"),
                            ("wrong_person", "The wrong person was counted"),
                            ("break_missed", "A break was not marked"),
                            ("phone_bridge", "The patient took part by phone"),
                            ("facilitator_error", "The facilitator made a mistake"),
                            ("payer_instruction", "The payer asked for it"),
                            ("other", "Something else"),
                        ],
                        max_length=24,
                    ),
                ),
                (
                    "narrative",
                    models.TextField(help_text="In the requester's words; the patient reads it too"),
                ),
                (
                    "evidence",
                    models.TextField(blank=True, help_text="What it rests on: a call log, a note, a ticket"),
                ),
                (
                    "is_late_entry",
                    models.BooleanField(help_text="Entered later than `late_entry_hours` after the end"),
                ),
                (
                    "needs_second_person",
                    models.BooleanField(help_text="The change is above `dual_control_min`"),
                ),
                ("requested_at", models.DateTimeField()),
                (
                    "patient",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="corrections",
                        to="enrollment.patient",
                    ),
                ),
                (
                    "requested_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "group_session",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="corrections",
                        to="iop.groupsession",
                    ),
                ),
            ],
            options={
                "indexes": [
                    models.Index(
                        fields=["group_session", "patient", "requested_at"], name="iop_correction_by_row"
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="CorrectionDecision",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "outcome",
                    models.CharField(
                        choices=[
                            ("approved", "Approved"),
                            ("refused", "Refused"),
                            ("withdrawn", "Withdrawn"),
                        ],
                        max_length=12,
                    ),
                ),
                ("note", models.TextField(blank=True)),
                ("decided_at", models.DateTimeField()),
                (
                    "correction",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="decision",
                        to="iop.correction",
                    ),
                ),
                (
                    "decided_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="Dispute",
            fields=[
                (
                    "id",
                    models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False),
                ),
                (
                    "credited_min",
                    models.PositiveIntegerField(help_text="What was credited when the patient objected"),
                ),
                ("text", models.TextField()),
                ("raised_at", models.DateTimeField()),
                (
                    "patient",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="disputes",
                        to="enrollment.patient",
                    ),
                ),
                (
                    "raised_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "group_session",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="disputes",
                        to="iop.groupsession",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="DisputeAnswer",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "outcome",
                    models.CharField(
                        choices=[
                            ("corrected", "The minutes were corrected"),
                            ("upheld", "The minutes stay as they are"),
                        ],
                        max_length=12,
                    ),
                ),
                ("text", models.TextField()),
                ("answered_at", models.DateTimeField()),
                (
                    "answered_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "correction",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="answers",
                        to="iop.correction",
                    ),
                ),
                (
                    "dispute",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT, related_name="answer", to="iop.dispute"
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="AttendanceRecord",
            fields=[
                (
                    "id",
                    models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False),
                ),
                ("service_date", models.DateField()),
                ("qualified_seconds", models.PositiveIntegerField()),
                ("strict_seconds", models.PositiveIntegerField()),
                ("credited_min", models.PositiveIntegerField()),
                ("billable_min", models.PositiveIntegerField()),
                ("hours_min", models.PositiveIntegerField()),
                ("ratio", models.DecimalField(decimal_places=4, max_digits=5)),
                ("status", models.CharField(max_length=24)),
                ("flags", models.JSONField(default=list)),
                ("units", models.JSONField(default=dict)),
                ("timeline", models.JSONField(default=list)),
                (
                    "adjusted_min",
                    models.PositiveIntegerField(
                        help_text="Credited minutes by the last correction in force; null where there is none",
                        null=True,
                    ),
                ),
                (
                    "adjusted_hours_min",
                    models.PositiveIntegerField(
                        help_text="What of `adjusted_min` counts toward the week; 0 for types that do not count",
                        null=True,
                    ),
                ),
                (
                    "chain_head",
                    models.CharField(
                        help_text="Hash of the session's last fact that was read", max_length=64
                    ),
                ),
                ("as_of", models.DateTimeField()),
                (
                    "is_final",
                    models.BooleanField(
                        default=False, help_text="The session is over and all its facts are in"
                    ),
                ),
                ("computed_at", models.DateTimeField()),
                (
                    "enrollment_terms",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="enrollment.enrollmentterms",
                    ),
                ),
                (
                    "patient",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="attendance_records",
                        to="enrollment.patient",
                    ),
                ),
                (
                    "terms",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="programs.creditterms",
                    ),
                ),
                (
                    "track_terms",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="programs.creditterms",
                    ),
                ),
                (
                    "group_session",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="attendance_records",
                        to="iop.groupsession",
                    ),
                ),
            ],
            options={
                "indexes": [models.Index(fields=["patient", "service_date"], name="iop_attendance_by_day")],
                "constraints": [
                    models.UniqueConstraint(fields=("group_session", "patient"), name="iop_attendance_once")
                ],
            },
        ),
        migrations.CreateModel(
            name="AbsenceDecision",
            fields=[
                (
                    "id",
                    models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False),
                ),
                (
                    "kind",
                    models.CharField(
                        choices=[("EXCUSED", "Excused"), ("UNEXCUSED", "Unexcused")], max_length=12
                    ),
                ),
                (
                    "reason",
                    models.CharField(
                        choices=[
                            ("illness", "Illness"),
                            ("medical_appointment", "Medical appointment"),
                            ("court", "Court"),
                            ("work", "Work"),
                            ("bereavement", "Bereavement"),
                            ("religious", "Religious observance"),
                            ("technology", "Technology"),
                            ("program_closure", "Program closure"),
                            ("late_cancel", "Cancelled too late"),
                            ("no_contact", "No contact"),
                            ("other", "Something else"),
                        ],
                        max_length=24,
                    ),
                ),
                ("note", models.TextField(blank=True)),
                (
                    "noticed_at",
                    models.DateTimeField(help_text="When the patient gave notice, if they did", null=True),
                ),
                ("decided_at", models.DateTimeField()),
                (
                    "decided_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "patient",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="absence_decisions",
                        to="enrollment.patient",
                    ),
                ),
                (
                    "group_session",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="absence_decisions",
                        to="iop.groupsession",
                    ),
                ),
            ],
            options={
                "indexes": [
                    models.Index(fields=["group_session", "patient", "decided_at"], name="iop_absence_by_row")
                ],
            },
        ),
        migrations.CreateModel(
            name="Incident",
            fields=[
                (
                    "id",
                    models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False),
                ),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("relay_death", "The media relay stopped"),
                            ("mass_drop", "Many people dropped at once"),
                        ],
                        max_length=16,
                    ),
                ),
                ("began_at", models.DateTimeField()),
                (
                    "ended_at",
                    models.DateTimeField(
                        help_text="When most of those affected were back, or the session's end"
                    ),
                ),
                ("participants", models.PositiveIntegerField(help_text="How many people it touched")),
                ("recorded_at", models.DateTimeField()),
                (
                    "group_session",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="incidents",
                        to="iop.groupsession",
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        fields=("group_session", "kind", "began_at"), name="iop_incident_once"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("ended_at__gte", models.F("began_at"))),
                        name="iop_incident_ends_after_start",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="OutreachAttempt",
            fields=[
                (
                    "id",
                    models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False),
                ),
                (
                    "channel",
                    models.CharField(
                        choices=[
                            ("phone", "Phone call"),
                            ("text", "Text message"),
                            ("email", "Email"),
                            ("emergency_contact", "Emergency contact"),
                            ("visit", "Visit"),
                        ],
                        max_length=20,
                    ),
                ),
                (
                    "outcome",
                    models.CharField(
                        choices=[
                            ("reached", "Reached"),
                            ("left_message", "Left a message"),
                            ("no_answer", "No answer"),
                            ("wrong_number", "Wrong number"),
                            ("safety_concern", "Safety concern, escalated"),
                        ],
                        max_length=20,
                    ),
                ),
                ("note", models.TextField(blank=True)),
                ("made_at", models.DateTimeField()),
                (
                    "enrollment",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="outreach_attempts",
                        to="enrollment.enrollment",
                    ),
                ),
                (
                    "group_session",
                    models.ForeignKey(
                        help_text="The last one missed",
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="iop.groupsession",
                    ),
                ),
                (
                    "made_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "indexes": [models.Index(fields=["enrollment", "made_at"], name="iop_outreach_by_episode")],
            },
        ),
        migrations.CreateModel(
            name="Participation",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "role",
                    models.CharField(
                        choices=[("patient", "Patient"), ("facilitator", "Facilitator")], max_length=12
                    ),
                ),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("WAITING", "Waiting"),
                            ("IN_ROOM", "In the room"),
                            ("RECONNECTING", "Reconnecting"),
                            ("LEFT", "Left"),
                            ("REMOVED", "Removed"),
                            ("DENIED", "Denied"),
                        ],
                        max_length=12,
                    ),
                ),
                ("state_since", models.DateTimeField()),
                ("lobby_at", models.DateTimeField(null=True)),
                ("admitted_at", models.DateTimeField(null=True)),
                (
                    "departed_at",
                    models.DateTimeField(
                        help_text="Last seen in the room; the bridge for coming back without admission starts here",
                        null=True,
                    ),
                ),
                (
                    "connection",
                    models.UUIDField(help_text="The one connection that holds the seat", null=True),
                ),
                (
                    "connection_secret_hash",
                    models.CharField(blank=True, help_text="Of the secret that resumes it", max_length=64),
                ),
                (
                    "media_state",
                    models.CharField(
                        choices=[("NONE", "Nothing yet"), ("LIVE", "Live"), ("LOST", "Lost")],
                        default="NONE",
                        max_length=4,
                    ),
                ),
                ("microphone_on", models.BooleanField(default=False)),
                ("camera_on", models.BooleanField(default=False)),
                ("muted_by_staff", models.BooleanField(default=False)),
                (
                    "stopped_at_seq",
                    models.PositiveIntegerField(
                        default=0,
                        help_text="Number of the room event by which staff last turned something of theirs off",
                    ),
                ),
                ("screen_on", models.BooleanField(default=False)),
                ("camera_stopped_by_staff", models.BooleanField(default=False)),
                (
                    "side_room",
                    models.UUIDField(
                        help_text="The facilitator whose side room this person is in; null in the group",
                        null=True,
                    ),
                ),
                (
                    "group_session",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="participations",
                        to="iop.groupsession",
                    ),
                ),
                (
                    "user",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="participations",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("group_session", "user"), name="iop_participation_once")
                ],
            },
        ),
        migrations.CreateModel(
            name="PresenceEvent",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("source_boot", models.CharField(max_length=64)),
                ("seq", models.PositiveBigIntegerField()),
                ("kind", models.CharField(max_length=24)),
                ("at", models.DateTimeField()),
                ("participant", models.UUIDField(null=True)),
                ("connection", models.UUIDField(null=True)),
                ("data", models.JSONField(default=dict)),
                ("recorded_at", models.DateTimeField()),
                (
                    "is_routine",
                    models.BooleanField(
                        default=False,
                        help_text="A beat that changes nothing that is known; verified, but not read for credit",
                    ),
                ),
                (
                    "prev_hash",
                    models.CharField(
                        help_text="Of the fact recorded before it in this session", max_length=64
                    ),
                ),
                ("row_hash", models.CharField(max_length=64)),
                (
                    "group_session",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="presence_events",
                        to="iop.groupsession",
                    ),
                ),
            ],
            options={
                "indexes": [
                    models.Index(fields=["group_session", "id"], name="iop_fact_by_session"),
                    models.Index(
                        condition=models.Q(("is_routine", False)),
                        fields=["group_session", "id"],
                        name="iop_fact_to_read",
                    ),
                    models.Index(
                        condition=models.Q(("is_routine", True)),
                        fields=["connection", "seq"],
                        name="iop_fact_routine",
                    ),
                ],
                "constraints": [
                    models.UniqueConstraint(fields=("source_boot", "seq"), name="iop_fact_exactly_once")
                ],
            },
        ),
        migrations.CreateModel(
            name="RosterEntry",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("added_at", models.DateTimeField()),
                ("removed_at", models.DateTimeField(null=True)),
                (
                    "added_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "group_session",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="roster",
                        to="iop.groupsession",
                    ),
                ),
                (
                    "makes_up",
                    models.ForeignKey(
                        blank=True,
                        help_text="The missed place that this one replaces; credit stays where it was earned",
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="made_up_by",
                        to="iop.rosterentry",
                    ),
                ),
                (
                    "patient",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="roster_entries",
                        to="enrollment.patient",
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        fields=("group_session", "patient"), name="iop_roster_patient_once"
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="SeriesMember",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("removed_at", models.DateTimeField(blank=True, null=True)),
                (
                    "patient",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="enrollment.patient"
                    ),
                ),
                (
                    "series",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="members",
                        to="iop.sessionseries",
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("series", "patient"), name="iop_series_member_once")
                ],
            },
        ),
        migrations.CreateModel(
            name="SignOff",
            fields=[
                (
                    "id",
                    models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False),
                ),
                (
                    "number",
                    models.PositiveIntegerField(help_text="1 for the first signature under the session"),
                ),
                (
                    "capacity",
                    models.CharField(
                        choices=[("of_record", "Facilitator of record"), ("covering", "Covering clinician")],
                        max_length=12,
                    ),
                ),
                ("credential", models.CharField(max_length=40)),
                ("statement", models.TextField(help_text="The exact words that were signed")),
                (
                    "authenticated_at",
                    models.DateTimeField(help_text="When the signer proved who they are, for this"),
                ),
                ("authentication_method", models.CharField(max_length=24)),
                (
                    "roster",
                    models.JSONField(
                        help_text="The rows that were shown: patient ids, minutes, status, corrections"
                    ),
                ),
                (
                    "roster_hash",
                    models.CharField(help_text="SHA-256 of the canonical JSON of `roster`", max_length=64),
                ),
                (
                    "chain_head",
                    models.CharField(
                        help_text="Hash of the session's last fact at the signing", max_length=64
                    ),
                ),
                ("signed_at", models.DateTimeField()),
                (
                    "group_session",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="sign_offs",
                        to="iop.groupsession",
                    ),
                ),
                (
                    "signed_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        fields=("group_session", "number"), name="iop_sign_off_number_once"
                    )
                ],
            },
        ),
        # What was observed, decided and signed: the database itself refuses to change it.
        AppendOnly("iop_presenceevent"),
        AppendOnly("iop_signoff"),
        AppendOnly("iop_correction"),
        AppendOnly("iop_correctiondecision"),
        AppendOnly("iop_dispute"),
        AppendOnly("iop_disputeanswer"),
        AppendOnly("iop_absencedecision"),
        AppendOnly("iop_outreachattempt"),
    ]
