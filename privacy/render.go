package privacy

import (
	"archive/tar"
	"context"
	"errors"
	"fmt"
	"regexp"

	"github.com/google/uuid"

	"github.com/opsmatiq/erp/tenancy"
	"github.com/opsmatiq/erp/tenancy/fault"
)

// Renderer makes documents of a model's rows, such as an issued invoice as UBL, for archives: what a program that has never heard of us can read. Privacy knows no domain, so whoever
// wires the program registers them ([Options].Renderers).
type Renderer struct {
	// Name is the form's, of lower-case letters, digits and '-', such as "ubl". Required, and once for a table.
	Name string
	// About says in a sentence what is made.
	About string
	// Table is the model of whose rows documents are made, "erp.invoices". Its key is an id.
	Table string
	// Extension is that of the files' names, such as ".xml".
	Extension string
	// Batch is how many rows Render is handed at most, 1 to 1,000. Default 100. It is 1 where a refusal undoes what else was done in its transaction.
	Batch int
	// Render makes the documents of rows by their ids and hands them over, each once; a row that it hands over nothing of has none. A call takes a number of statements that does not
	// grow with its rows. It runs in a dry run of the export's act: it may read, and do acts that need permissions of their own, and nothing of it stays but what it hands over. It may run again
	// from its beginning. An error that it returns breaks off the export, unless Batch is 1 and its kind says that the row is what is wrong (invalid, not found, conflict,
	// restricted): then the document is refused, as by [Document].Refusal.
	Render func(ctx context.Context, ids []uuid.UUID, hand func(Document)) error
}

// Document is what a renderer made of a row.
type Document struct {
	// ID is the row's.
	ID uuid.UUID
	// Content is the file, at most 16 MiB.
	Content []byte
	// Refusal is why there is none.
	Refusal error
}

// DocumentFile is what one renderer made, as a tar archive within the archive: a file for each document, named by its row's id, and for each that was refused ID.refused.txt with the
// reason.
type DocumentFile struct {
	Content
	Renderer string `json:"renderer"`
	Table    string `json:"table"`
	About    string `json:"about"`
	// Documents is how many there are. Refused counts those that there are not, by the code of the refusal.
	Documents int64            `json:"documents"`
	Refused   map[string]int64 `json:"refused,omitempty"`
}

const (
	rendererBatch    = 100
	maxDocumentBytes = 16 << 20
	documentFolder   = "documents/"
)

var formName = regexp.MustCompile(`^[a-z0-9-]{1,40}$`)

// checkRenderers refuses what cannot be a renderer of this program.
func checkRenderers(reg *tenancy.Registry, all []Renderer) error {
	seen := map[string]bool{}
	for i := range all {
		r := &all[i]
		m := reg.Table(r.Table)
		switch {
		case !formName.MatchString(r.Name) || r.Render == nil || r.About == "" || r.Batch < 0 || r.Batch > 1000:
			return fmt.Errorf("privacy: the renderer %q of %s has no name, no sentence about it, nothing to render with, or a batch that cannot be", r.Name, r.Table)
		case m == nil || len(m.Keys) != 2 || m.Keys[1].Name != "id":
			return fmt.Errorf("privacy: the renderer %s is of %s, which is no registered model with an id", r.Name, r.Table)
		case seen[r.file()]:
			return fmt.Errorf("privacy: %s of %s is registered twice", r.Name, r.Table)
		}
		seen[r.file()] = true
		if r.Batch == 0 {
			r.Batch = rendererBatch
		}
	}
	return nil
}

func (r *Renderer) file() string { return documentFolder + r.Table + "." + r.Name + ".tar" }

// idSource gives the ids behind one that it is handed, at most n; none at the end.
type idSource func(ctx context.Context, after uuid.UUID, n int) ([]uuid.UUID, error)

// allDocuments renders every row that there is.
func (s *Service) allDocuments(ctx context.Context, p *packer) ([]DocumentFile, error) {
	var out []DocumentFile
	for i := range s.opt.Renderers {
		r := &s.opt.Renderers[i]
		m := s.db.Registry().Table(r.Table)
		f, err := s.documents(ctx, p, PermExport, r, func(ctx context.Context, after uuid.UUID, n int) ([]uuid.UUID, error) {
			return tenancy.View(ctx, s.db, PermExport, func(ctx context.Context, tx *tenancy.Tx) ([]uuid.UUID, error) {
				rows, err := m.Verbs().Find(ctx, tx, tenancy.Gt("id", after), tenancy.OrderBy("id"), tenancy.Limit(n))
				ids := make([]uuid.UUID, len(rows))
				for i, row := range rows {
					ids[i] = field[uuid.UUID](row, m.Keys[1])
				}
				return ids, err
			})
		})
		if err != nil {
			return nil, err
		}
		out = append(out, f)
	}
	return out, nil
}

// documents writes the file of one renderer. What is in memory is one batch of documents.
func (s *Service) documents(ctx context.Context, p *packer, act tenancy.Permission, r *Renderer, next idSource) (DocumentFile, error) {
	w, err := p.create(r.file())
	if err != nil {
		return DocumentFile{}, err
	}
	out := documentWriter{t: tar.NewWriter(w), r: r, f: DocumentFile{Renderer: r.Name, Table: r.Table, About: r.About}}
	var last uuid.UUID
	for {
		ids, err := next(ctx, last, max(r.Batch, rendererBatch))
		if err != nil {
			return DocumentFile{}, err
		}
		if len(ids) == 0 {
			break
		}
		for from := 0; from < len(ids); from += r.Batch {
			made, err := s.render(ctx, act, r, ids[from:min(from+r.Batch, len(ids))])
			if err == nil {
				err = out.write(made)
			}
			if err != nil {
				return DocumentFile{}, err
			}
		}
		last = ids[len(ids)-1]
	}
	if err := out.t.Close(); err != nil {
		return DocumentFile{}, err
	}
	out.f.Content = w.content()
	return out.f, nil
}

// render makes the documents of one batch, in a transaction of which nothing stays: that the data leave the house is on record already.
func (s *Service) render(ctx context.Context, act tenancy.Permission, r *Renderer, ids []uuid.UUID) ([]Document, error) {
	var made []Document
	_, err := s.db.DryRun(ctx, func(ctx context.Context, _ *tenancy.Tx) error {
		_, err := tenancy.Act(ctx, s.db, act, func(ctx context.Context, _ *tenancy.Tx) (any, error) {
			made = made[:0]
			return nil, r.Render(ctx, ids, func(d Document) { made = append(made, d) })
		})
		return err
	})
	if err != nil && r.Batch == 1 && refusal(err) {
		return []Document{{ID: ids[0], Refusal: err}}, nil
	}
	return made, err
}

// refusal reports whether an error says of a row that no document can be made of it.
func refusal(err error) bool {
	for _, kind := range []fault.Kind{fault.Invalid, fault.NotFound, fault.Conflict, fault.Restricted} {
		if errors.Is(err, kind) {
			return true
		}
	}
	return false
}

type documentWriter struct {
	t *tar.Writer
	r *Renderer
	f DocumentFile
}

func (w *documentWriter) write(made []Document) error {
	for _, d := range made {
		name, content := d.ID.String()+w.r.Extension, d.Content
		if len(content) > maxDocumentBytes {
			d.Refusal = ErrLimit.New(opExport, "a document has at most %d bytes", maxDocumentBytes)
		}
		if d.Refusal == nil {
			w.f.Documents++
		} else {
			code := string(fault.CodeOf(d.Refusal))
			if w.f.Refused == nil {
				w.f.Refused = map[string]int64{}
			}
			w.f.Refused[code]++
			name, content = d.ID.String()+".refused.txt", []byte(d.Refusal.Error()+"\n")
		}
		if err := w.t.WriteHeader(&tar.Header{Name: name, Mode: 0o600, Size: int64(len(content)), Format: tar.FormatPAX}); err != nil {
			return err
		}
		if _, err := w.t.Write(content); err != nil {
			return err
		}
	}
	return nil
}

// listed is an [idSource] of ids that are at hand, in order.
func listed(ids []uuid.UUID) idSource {
	return func(_ context.Context, _ uuid.UUID, n int) ([]uuid.UUID, error) {
		part := ids[:min(n, len(ids))]
		ids = ids[len(part):]
		return part, nil
	}
}
