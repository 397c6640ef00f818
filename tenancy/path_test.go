package tenancy_test

import (
	"context"
	"testing"
	"testing/fstest"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/opsmatiq/erp/tenancy"
	"github.com/opsmatiq/erp/tenancy/tenancytest"
)

type (
	pathPerson struct {
		tenancy.Row
		ParentID uuid.UUID `bun:"parent_id,nullzero"`
	}
	pathFile struct {
		tenancy.Row
		PersonID uuid.UUID `bun:"person_id,nullzero"`
		LooseID  uuid.UUID `bun:"loose_id,nullzero"`
		Actor    string    `bun:"actor" privacy:"none"`
	}
	pathPage struct {
		tenancy.Owned
		FileID   uuid.UUID `bun:"file_id,pk"`
		No       int64     `bun:"no,pk"`
		PersonID uuid.UUID `bun:"person_id,nullzero"`
	}
)

// Every way in which a row can lead to people is told from the others, by the model and the foreign keys.
func TestPaths(t *testing.T) {
	const text = `-- +goose Up
CREATE SCHEMA paths;
CREATE TABLE paths.persons (
    tenant_id UUID NOT NULL,
    id UUID NOT NULL,
    parent_id UUID,
    PRIMARY KEY (tenant_id, id),
    CONSTRAINT paths_persons_parent FOREIGN KEY (tenant_id, parent_id) REFERENCES paths.persons (tenant_id, id) DEFERRABLE INITIALLY IMMEDIATE
);
CREATE INDEX paths_persons_parent ON paths.persons (tenant_id, parent_id);
CREATE TABLE paths.files (
    tenant_id UUID NOT NULL,
    id UUID NOT NULL,
    person_id UUID,
    loose_id UUID,
    actor TEXT NOT NULL,
    PRIMARY KEY (tenant_id, id),
    CONSTRAINT paths_files_person FOREIGN KEY (tenant_id, person_id) REFERENCES paths.persons (tenant_id, id)
);
CREATE TABLE paths.pages (
    tenant_id UUID NOT NULL,
    file_id UUID NOT NULL,
    no BIGINT NOT NULL,
    person_id UUID,
    PRIMARY KEY (tenant_id, file_id, no),
    CONSTRAINT paths_pages_person FOREIGN KEY (tenant_id, person_id) REFERENCES paths.persons (tenant_id, id)
);
`
	person := tenancy.Spec{Table: "paths.persons", Class: tenancy.Master, Subject: "self"}
	file := tenancy.Spec{Table: "paths.files", Class: tenancy.Letter}
	page := tenancy.Spec{Table: "paths.pages", Class: tenancy.Letter, PartOf: "paths.files"}
	about := func(s tenancy.Spec, subject string) tenancy.Spec { s.Subject = subject; return s }
	anybody := func(s tenancy.Spec, subject string) tenancy.Spec { s.Subject, s.Anybody = subject, true; return s }
	for name, c := range map[string]struct {
		person, file, page tenancy.Spec
		of                 string // the table that is asked about
		how                tenancy.Lead
		column, to         string
	}{
		"a person":                      {person, file, page, "paths.persons", tenancy.IsPerson, "id", ""},
		"by a foreign key":              {person, about(file, "person_id"), page, "paths.files", tenancy.LeadsOn, "person_id", "paths.persons"},
		"as a part":                     {person, about(file, "person_id"), about(page, "file_id"), "paths.pages", tenancy.LeadsOn, "file_id", "paths.files"},
		"a part by a key of its own":    {person, file, about(page, "person_id"), "paths.pages", tenancy.LeadsOn, "person_id", "paths.persons"},
		"by its parts":                  {person, about(file, tenancy.ByParts), about(page, "person_id"), "paths.files", tenancy.ByItsParts, "id", ""},
		"by parts that lead back to it": {person, about(file, tenancy.ByParts), about(page, "file_id"), "paths.files", tenancy.ByItsParts, "id", ""},
		"as a part of such a one":       {person, about(file, tenancy.ByParts), about(page, "file_id"), "paths.pages", tenancy.LeadsOn, "file_id", "paths.files"},
		"anybody":                       {person, anybody(file, "loose_id"), page, "paths.files", tenancy.NamesPerson, "loose_id", ""},
		"anybody, though a key leads":   {person, anybody(file, "person_id"), page, "paths.files", tenancy.NamesPerson, "person_id", ""},
		"who acted":                     {person, about(file, "actor"), page, "paths.files", tenancy.NamesActor, "actor", ""},
		"without a foreign key":         {person, about(file, "loose_id"), page, "paths.files", tenancy.LeadsNowhere, "loose_id", ""},
		"in a circle":                   {about(person, "parent_id"), file, page, "paths.persons", tenancy.LeadsNowhere, "parent_id", ""},
		"into a circle":                 {about(person, "parent_id"), about(file, "person_id"), page, "paths.files", tenancy.LeadsNowhere, "person_id", ""},
		"nobody":                        {person, file, page, "paths.files", tenancy.AboutNobody, "", ""},
	} {
		t.Run(name, func(t *testing.T) {
			module := tenancy.Module{Name: "paths " + name, Migrations: fstest.MapFS{"50140_paths.sql": {Data: []byte(text)}}, Models: []*tenancy.Model{tenancy.Define[pathPerson](c.person), tenancy.Define[pathFile](c.file), tenancy.Define[pathPage](c.page)}}
			env := tenancytest.Open(t, "sqlite", tenancytest.Options{Modules: []tenancy.Module{module}})
			require.NoError(t, env.DB.Read(env.Tenant(t), func(ctx context.Context, tx *tenancy.Tx) error {
				paths, err := tx.Paths(ctx)
				require.NoError(t, err)
				got := paths.Of(env.DB.Registry().Table(c.of))
				require.Equal(t, c.how, got.How)
				column, to := "", ""
				if got.Column != nil {
					column = got.Column.Name
				}
				if got.To != nil {
					to = got.To.Table
				}
				require.Equal(t, c.column, column)
				require.Equal(t, c.to, to)
				if name == "nobody" {
					require.Len(t, got.Loose, 1)
					require.Equal(t, "loose_id", got.Loose[0].Name, "the other has a foreign key")
				}
				return nil
			}))
		})
	}
}

// Persons finds whoever there is, and nobody next door.
func TestPersons(t *testing.T) {
	tenancytest.Each(t, tenancytest.Options{Modules: []tenancy.Module{hotel}}, func(t *testing.T, env *tenancytest.Env) {
		ctx, neighbour := env.Tenant(t), env.Tenant(t)
		ada, ben := &Guest{Name: "Ada"}, &Guest{Name: "Ben"}
		require.NoError(t, act(env, ctx, func(ctx context.Context, tx *tenancy.Tx) error {
			b := tx.Batch()
			tenancy.Put(b, []*Guest{ada, ben})
			return b.Run(ctx)
		}))
		for _, lock := range []bool{false, true} {
			require.NoError(t, act(env, ctx, func(ctx context.Context, tx *tenancy.Tx) error {
				got, err := tx.Persons(ctx, lock, ben.ID, tenancy.NewID(), ada.ID, ben.ID)
				require.Len(t, got, 2)
				require.Equal(t, "hotel.guests", got[ada.ID].Model.Table)
				require.Equal(t, ada.ID, got[ada.ID].ID)
				require.Equal(t, ben, got[ben.ID].Row)
				return err
			}))
		}
		require.NoError(t, act(env, neighbour, func(ctx context.Context, tx *tenancy.Tx) error {
			got, err := tx.Persons(ctx, false, ada.ID)
			require.Empty(t, got)
			return err
		}))
	})
}
