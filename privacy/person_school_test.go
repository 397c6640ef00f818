package privacy_test

import (
	"context"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/opsmatiq/erp/privacy"
	"github.com/opsmatiq/erp/tenancy"
	"github.com/opsmatiq/erp/tenancy/tenancytest"
)

// A school has what the clinic has not: people of two kinds, aggregates that are about several people by their parts, secrets, and rows that lead to two people.

type pupil struct {
	tenancy.Row
	Name string `bun:"name" privacy:"identity,pseudonymise"`
	PIN  string `bun:"pin" privacy:"credential,delete"`
}

type teacher struct {
	tenancy.Row
	Name string `bun:"name" privacy:"identity,pseudonymise"`
}

type course struct {
	tenancy.Row
	Title     string    `bun:"title" privacy:"none"`
	TeacherID uuid.UUID `bun:"teacher_id"`
	Remark    string    `bun:"remark" privacy:"free-text,delete"`
}

// seat is keyed by a number beside its course, so that one course has many of them and one pupil sits in many.
type seat struct {
	tenancy.Owned
	CourseID uuid.UUID `bun:"course_id,pk"`
	No       int64     `bun:"no,pk"`
	PupilID  uuid.UUID `bun:"pupil_id"`
	BuddyID  uuid.UUID `bun:"buddy_id,nullzero"`
	Note     string    `bun:"note" privacy:"free-text,delete"`
}

func school() tenancy.Module {
	const text = `-- +goose Up
CREATE SCHEMA school;
CREATE TABLE school.pupils (
    tenant_id UUID NOT NULL,
    id UUID NOT NULL,
    name TEXT NOT NULL,
    pin TEXT NOT NULL,
    PRIMARY KEY (tenant_id, id)
);
CREATE TABLE school.teachers (
    tenant_id UUID NOT NULL,
    id UUID NOT NULL,
    name TEXT NOT NULL,
    PRIMARY KEY (tenant_id, id)
);
CREATE TABLE school.courses (
    tenant_id UUID NOT NULL,
    id UUID NOT NULL,
    title TEXT NOT NULL,
    teacher_id UUID NOT NULL,
    remark TEXT NOT NULL,
    PRIMARY KEY (tenant_id, id),
    CONSTRAINT school_courses_teacher FOREIGN KEY (tenant_id, teacher_id) REFERENCES school.teachers (tenant_id, id)
);
CREATE TABLE school.seats (
    tenant_id UUID NOT NULL,
    course_id UUID NOT NULL,
    no BIGINT NOT NULL,
    pupil_id UUID NOT NULL,
    buddy_id UUID,
    note TEXT NOT NULL,
    PRIMARY KEY (tenant_id, course_id, no),
    CONSTRAINT school_seats_course FOREIGN KEY (tenant_id, course_id) REFERENCES school.courses (tenant_id, id),
    CONSTRAINT school_seats_pupil FOREIGN KEY (tenant_id, pupil_id) REFERENCES school.pupils (tenant_id, id),
    CONSTRAINT school_seats_buddy FOREIGN KEY (tenant_id, buddy_id) REFERENCES school.pupils (tenant_id, id)
);
`
	return tenancy.Module{Name: "school", Migrations: fstest.MapFS{"50110_school.sql": {Data: []byte(text)}}, Models: []*tenancy.Model{
		tenancy.Define[pupil](tenancy.Spec{Table: "school.pupils", Class: tenancy.Master, Subject: "self"}),
		tenancy.Define[teacher](tenancy.Spec{Table: "school.teachers", Class: tenancy.Master, Subject: "self"}),
		tenancy.Define[course](tenancy.Spec{Table: "school.courses", Class: tenancy.Master, Subject: tenancy.ByParts}),
		tenancy.Define[seat](tenancy.Spec{Table: "school.seats", Class: tenancy.Master, Subject: "pupil_id", PartOf: "school.courses"})}}
}

// Of what is about several people each gets their part, no secret, and nobody else, of whichever kind.
func TestACopyOfWhatIsShared(t *testing.T) {
	tenancytest.Each(t, tenancytest.Options{Modules: []tenancy.Module{privacy.Module(), school()}}, func(t *testing.T, env *tenancytest.Env) {
		ctx := env.Tenant(t)
		s := privacy.New(env.DB, privacy.Options{})
		ada, bob := &pupil{Name: "Ada Pupil", PIN: "4711-canary"}, &pupil{Name: "Bob Pupil", PIN: "0815-canary"}
		tina := &teacher{Name: "Tina Teacher"}
		shared, others := &course{Title: "Sums", Remark: "Tina Teacher: Ada Pupil and Bob Pupil talk"}, &course{Title: "Letters", Remark: "quiet"}
		require.NoError(t, env.DB.Tx(ctx, func(ctx context.Context, tx *tenancy.Tx) error {
			for _, row := range []*tenancy.Row{&ada.Row, &bob.Row, &tina.Row, &shared.Row, &others.Row} {
				row.ID = tenancy.NewID()
			}
			shared.TeacherID, others.TeacherID = tina.ID, tina.ID
			b := tx.Batch()
			tenancy.Put(b, []*pupil{ada, bob})
			tenancy.Put(b, []*teacher{tina})
			tenancy.Put(b, []*course{shared, others})
			tenancy.Put(b, []*seat{{CourseID: shared.ID, No: 1, PupilID: ada.ID, BuddyID: bob.ID, Note: "beside bob pupil"}, {CourseID: shared.ID, No: 2, PupilID: bob.ID, BuddyID: ada.ID, Note: "copies from Ada Pupil"},
				{CourseID: shared.ID, No: 3, PupilID: ada.ID, BuddyID: ada.ID}, {CourseID: others.ID, No: 1, PupilID: bob.ID}})
			return b.Run(ctx)
		}))
		there, m := copyOf(t, s, ctx, privacy.SubjectCopy{PersonID: ada.ID})
		require.Equal(t, `{"id":"`+shared.ID.String()+`","title":"Sums","teacher_id":"00000000-0000-0000-0000-000000000000","remark":"[another person]: Ada Pupil and [another person] talk"}`+"\n",
			string(there["school.courses.jsonl"]), "the course they share, and not the other")
		course := `{"course_id":"` + shared.ID.String()
		require.Equal(t, course+`","no":1,"pupil_id":"`+ada.ID.String()+`","buddy_id":null,"note":"beside [another person]"}`+"\n"+course+`","no":3,"pupil_id":"`+ada.ID.String()+`","buddy_id":"`+ada.ID.String()+`","note":""}`+"\n",
			string(there["school.seats.jsonl"]), "their own seats, and of these nobody else")
		require.Equal(t, `{"id":"`+ada.ID.String()+`","name":"Ada Pupil","pin":""}`+"\n", string(there["school.pupils.jsonl"]))
		require.Equal(t, "in_table,in_row,in_column,text\r\n\"school.seats\",\""+shared.ID.String()+"/2\",\"note\",\"copies from Ada Pupil\"\r\n", string(there["subject.mentions.csv"]), "and not what is theirs once more")
		require.EqualValues(t, 1, of(&m, "subject.mentions").Rows)
		for _, other := range []string{"Bob", bob.ID.String(), "Tina", tina.ID.String(), "canary", "Letters"} {
			require.NotContains(t, text(there), other)
		}

		there, _ = copyOf(t, s, ctx, privacy.SubjectCopy{PersonID: tina.ID})
		require.Equal(t, "school.courses", strings.Split(strings.Split(string(there["subject.mentions.csv"]), "\r\n")[1], `"`)[1], "a teacher is named in a course that does not lead to them")
		require.NotContains(t, text(there), "Ada")
	})
}

// The number of statements of a copy does not grow with the person's rows, nor with others'.
func TestACopyTakesAConstantNumberOfStatements(t *testing.T) {
	each(t, func(t *testing.T, env *tenancytest.Env, s *privacy.Service) {
		p := openPractice(t, env)
		count := func() int {
			return env.Count(t, func() { copyOf(t, s, p.ctx, privacy.SubjectCopy{PersonID: p.ada.ID}) })
		}
		few := count()
		require.NoError(t, env.DB.Tx(p.ctx, func(ctx context.Context, tx *tenancy.Tx) error {
			rows := make([]*Visit, 100)
			for i := range rows {
				rows[i] = &Visit{PatientID: p.ada.ID, Day: p.visits[0].Day, At: p.visits[0].At}
			}
			patients := make([]*Patient, 50)
			for i := range patients {
				patients[i] = &Patient{Name: "Patient", Address: "somewhere"}
			}
			b := tx.Batch()
			tenancy.Put(b, rows)
			tenancy.Put(b, patients)
			return b.Run(ctx)
		}))
		require.Equal(t, few, count())
	})
}
