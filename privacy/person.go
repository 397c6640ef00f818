package privacy

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"slices"
	"unicode/utf8"

	"github.com/google/uuid"

	"github.com/opsmatiq/erp/tenancy"
)

// SubjectCopy asks for a person's own copy.
type SubjectCopy struct {
	// PersonID is the person's own row: a party, or a row of a host's model whose subject is "self". Required.
	PersonID uuid.UUID
	// Source is where the data come from, as far as the person did not give them (GDPR Art. 15(1)(g)), such as "a credit agency, on 3 March 2026". At most 1,000 characters, as are the two that follow. Without it
	// the information says that nobody stated it.
	Source string
	// AutomatedDecisions is what is decided of the person by automated means alone, with the logic involved and what it means for them (Art. 15(1)(h), 22). Default: that the program decides
	// nothing so.
	AutomatedDecisions string
	// Authority is the supervisory authority to which a complaint can go besides that of the person's own country (Art. 15(1)(f), 77), with its address.
	Authority string
}

const opSubject = "privacy.ExportSubject"

// ExportSubject writes what the tenant has of one person, for that person (GDPR Art. 15), in the form of [Service.Export]: of each model with rows about them, by the paths of an erasure or because they hold the person's id, these rows as JSON Lines and CSV, mentions in texts that lead to
// nobody, what the renderers make of their rows, the information that the article asks for as information.json and information.md ([Information]), and manifest.json last. All but the documents is of one state of the database.
//
// Others are left out (Art. 15(4)): of an entry about two people the lines of one; an id that leads to somebody else is empty, or zeros where it cannot be; in free text, what other people of the tenant are known by is
// replaced by "[another person]". Credentials are left out as well. Documents that were issued to the person are as they were issued.
//
// Memory grows with the number of people whom the tenant knows, by what they are known by, and with the ids of the person's rows; not with what the rows hold.
//
// Permission: privacy.export_subject. Its audit event is committed before the first byte goes out. Errors: privacy.bad_input ([Sealed] among the options: a person has no key of the tenant's), privacy.no_path,
// tenancy.not_found (no such person), and those of [Service.Export].
func (s *Service) ExportSubject(ctx context.Context, w io.Writer, in SubjectCopy, opts ...ExportOption) (Manifest, error) {
	how, err := s.begin(ctx, PermExportSubject, func() (exporting, error) {
		how, err := exportOptions(opSubject, opts)
		if err == nil {
			err = in.check(how)
		}
		return how, err
	})
	if err != nil {
		return Manifest{}, err
	}
	w, end, err := s.enclose(ctx, w, how)
	if err != nil {
		return Manifest{}, err
	}
	p := newPacker(w)
	var c *copier
	_, err = viewOnce(ctx, s, PermExportSubject, func(ctx context.Context, tx *tenancy.Tx) (any, error) {
		if c, err = s.newCopier(ctx, tx, in, p); err != nil {
			return nil, err
		}
		return nil, c.write(ctx)
	})
	if err != nil {
		return Manifest{}, err
	}
	if !how.noDocuments {
		if err := c.documents(ctx); err != nil {
			return Manifest{}, err
		}
	}
	if err := c.information(); err != nil {
		return Manifest{}, err
	}
	c.out.seal()
	if err := p.end(&c.out); err != nil {
		return Manifest{}, err
	}
	return c.out, end()
}

func (in SubjectCopy) check(how exporting) error {
	if in.PersonID == uuid.Nil {
		return ErrBadInput.New(opSubject, "a copy names the person whose it is")
	}
	if how.sealed {
		return ErrBadInput.New(opSubject, "a person cannot open what is sealed under the tenant's key: name recipients or a passphrase")
	}
	for _, text := range []string{in.Source, in.AutomatedDecisions, in.Authority} {
		if utf8.RuneCountInString(text) > 1000 {
			return ErrBadInput.New(opSubject, "a source, automated decisions and an authority are each of at most 1,000 characters")
		}
	}
	return nil
}

// copier is one person's copy under way.
type copier struct {
	finder
	s      *Service
	in     SubjectCopy
	p      *packer
	out    Manifest
	known  known  // what the person is known by
	others others // and what everybody else is
	seen   map[string]map[string]bool
	ids    map[string][]uuid.UUID // of rows that documents are made of, by table
	info   Information
}

func (s *Service) newCopier(ctx context.Context, tx *tenancy.Tx, in SubjectCopy, p *packer) (*copier, error) {
	paths, err := pathsOf(ctx, tx)
	if err != nil {
		return nil, err
	}
	who, err := personOf(ctx, tx, in.PersonID, false)
	if err != nil {
		return nil, err
	}
	if who.Model == nil {
		return nil, tenancy.ErrNotFound.New(opSubject, "")
	}
	c := &copier{s: s, in: in, p: p, out: newManifest(s.db.Registry(), OfSubject), seen: map[string]map[string]bool{}, ids: map[string][]uuid.UUID{}, known: known{values: map[string]bool{}}}
	if c.finder, err = s.finderOf(ctx, tx, paths, who); err != nil {
		return nil, err
	}
	c.out.Subject = in.PersonID.String()
	c.known.add(who.Model, who.Row)
	return c, nil
}

// write writes all that is of one state of the database.
func (c *copier) write(ctx context.Context) error {
	if err := c.learn(ctx); err != nil {
		return err
	}
	for _, m := range archived(c.Registry) {
		if m.Trail {
			continue
		}
		if err := c.model(ctx, m); err != nil {
			return err
		}
	}
	if err := c.mentions(ctx); err != nil {
		return err
	}
	for _, r := range c.s.opt.Renderers {
		m := c.Registry.Table(r.Table)
		if c.seen[r.Table] == nil {
			continue
		}
		ids, err := c.IDs(ctx, m)
		if err != nil {
			return err
		}
		c.ids[r.Table] = slices.Clone(ids)
	}
	return c.inform(ctx)
}

// model writes the person's rows of one model, if there are any.
func (c *copier) model(ctx context.Context, m *tenancy.Model) error {
	there := false
	err := c.Each(ctx, m, func(any) error {
		there = true
		return errEnough
	})
	if !there {
		return err
	}
	again := func(fn func(row any) error) error {
		return c.Each(ctx, m, func(row any) error {
			c.redact(m, row)
			return fn(row)
		})
	}
	c.seen[m.Table] = map[string]bool{}
	return c.file(m, again)
}

// file writes rows of one model as records and CSV.
func (c *copier) file(m *tenancy.Model, again func(fn func(row any) error) error) error {
	f := emptyFile(m)
	f.References = referencesOf(c.References, m)
	var line []byte
	err := c.p.both(m, &f, func(w *counted, held func(row any)) error {
		err := again(func(row any) error {
			held(row)
			f.Rows++
			c.see(m, row)
			line = m.AppendRecord(line[:0], row)
			_, err := w.Write(line)
			return err
		})
		done := w.content()
		f.Bytes, f.SHA256 = done.Bytes, done.SHA256
		return err
	}, again)
	c.out.Files = append(c.out.Files, f)
	return err
}

func (c *copier) documents(ctx context.Context) error {
	for i := range c.s.opt.Renderers {
		r := &c.s.opt.Renderers[i]
		if len(c.ids[r.Table]) == 0 {
			continue
		}
		f, err := c.s.documents(ctx, c.p, PermExportSubject, r, listed(c.ids[r.Table]))
		if err != nil {
			return err
		}
		c.out.Documents = append(c.out.Documents, f)
	}
	return nil
}

// information writes what the article asks for beside the data.
func (c *copier) information() error {
	text, err := json.MarshalIndent(c.info, "", "  ")
	if err != nil {
		return err
	}
	for _, file := range []struct {
		name string
		data []byte
	}{{"information.json", append(text, '\n')}, {"information.md", bytes.TrimLeft(c.info.Markdown(), "\n")}} {
		content, err := c.p.put(file.name, file.data)
		if err != nil {
			return err
		}
		c.out.Texts = append(c.out.Texts, content)
	}
	return nil
}
