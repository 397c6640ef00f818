package ending

import (
	"context"
	"crypto/ed25519"
	"encoding/hex"
	"encoding/json"
	"errors"
	"time"

	"github.com/google/uuid"

	"github.com/opsmatiq/erp/privacy/ending/certificate"
	"github.com/opsmatiq/erp/tenancy"
)

// BackupDays is for how many days after a deletion data may be left in backups, by the policy (7.3).
const BackupDays = 90

// AfterPurge implements [tenancy.PurgeWitness]: the certificate is made, once.
func (s *Service) AfterPurge(ctx context.Context, g tenancy.Gone) error {
	h, err := s.enter(ctx, "certify")
	if err != nil || h == nil {
		return err
	}
	return s.certify(ctx, h, g.TenantID, g.At, g.Now)
}

// Certify makes the certificates that purges owe, of at most limit (1 to 1,000) tenants that are gone: where a process died behind the last row, or the signer was out
// of reach. It says how many it made. It is for a background job: call it again while it gives the limit.
//
// Permission: ending.work, in a context of [tenancy.DB.EnterPlatform]. Errors: tenancy.not_platform, ending.bad_input, ending.signer, and those of [Options].Backups
// and Rule; one that fails does not keep the others back.
func (s *Service) Certify(ctx context.Context, limit int) (int, error) {
	now, err := s.forBackground(ctx, "ending.Certify", limit)
	if err != nil {
		return 0, err
	}
	h, err := s.enter(ctx, "certify")
	if err != nil || h == nil {
		return 0, err
	}
	due, err := tenancy.View(h.inside, s.db, PermWork, func(ctx context.Context, tx *tenancy.Tx) ([]deletionRow, error) {
		return tenancy.Find[deletionRow](ctx, tx, tenancy.IsNull("certified_at"), tenancy.OrderBy("begun_at", "of_tenant"), tenancy.Limit(1000))
	})
	if err != nil {
		return 0, err
	}
	done := 0
	var wrong []error
	for i := range due {
		if done == limit {
			break
		}
		t, err := s.db.Tenants().Get(h.platform, due[i].OfTenant)
		if err == nil && t.State != tenancy.StatePurged { // its purge goes on by itself
			continue
		}
		if err == nil {
			err = s.certify(ctx, h, t.ID, t.ChangedAt, now)
		}
		if err != nil {
			wrong = append(wrong, err)
			continue
		}
		done++
	}
	return done, errors.Join(wrong...)
}

// certify makes a certificate of what was written down before the purge and what is known since, unless there is one.
func (s *Service) certify(ctx context.Context, h *house, of uuid.UUID, gone, now time.Time) error {
	row, err := tenancy.View(h.inside, s.db, PermWork, func(ctx context.Context, tx *tenancy.Tx) (*deletionRow, error) {
		return tenancy.First[deletionRow](ctx, tx, tenancy.Eq("of_tenant", of))
	})
	if tenancy.IsNotFound(err) || err == nil && !row.CertifiedAt.IsZero() { // nobody saw it go, or it is certified
		return nil
	}
	if err != nil {
		return err
	}
	var d certificate.Deletion
	if err := json.Unmarshal([]byte(row.Facts), &d); err != nil {
		return err
	}
	if now.Before(gone) {
		now = gone
	}
	d.ID, d.Issuer, d.IssuedAt, d.Erased.EndedAt = tenancy.NewID(), certificate.Issuer{ID: h.own.ID, Name: h.own.Name}, now, gone
	keys, err := s.db.Tenants().Keys(h.platform, of)
	if err != nil {
		return err
	}
	for _, k := range keys {
		if d.Key.Versions++; k.ChangedAt.After(d.Key.DestroyedAt) {
			d.Key.DestroyedAt = k.ChangedAt.UTC()
		}
	}
	if d.Kept, err = s.kept(ctx, h, of, row.EndsAt.UTC(), gone.UTC()); err != nil {
		return err
	}
	if d.Backups, err = s.backups(ctx, of, gone); err != nil {
		return err
	}
	signed, err := s.sign(ctx, certificateRow{OfTenant: of, Kind: d.Kind, ID: d.ID, IssuedAt: now}, d)
	if err != nil {
		return err
	}
	row.CertifiedAt, row.LookAt = now, d.Backups.PendingUntil
	if again := now.Add(lookAgain); d.Backups.Registered && !s.opt.OtherBackups && again.Before(row.LookAt) {
		row.LookAt = again // they may be destroyed before they expire
	}
	return s.issue(h, row, signed, NoticeCertificate)
}

// backups asks the register what of a tenant is left in backups. A completion is due by the last registered expiry, which is now when nothing is left. Where there are backups that nobody registered, or no register,
// it is due when the days have passed as well that the policy gives the rotation.
func (s *Service) backups(ctx context.Context, of uuid.UUID, gone time.Time) (certificate.Backups, error) {
	out := certificate.Backups{PendingUntil: gone.AddDate(0, 0, BackupDays)}
	if s.opt.Backups == nil {
		return out, nil
	}
	last, left, err := s.opt.Backups.LastExpiry(tenancy.Scope{}.Attach(ctx), of)
	if err != nil {
		return out, err
	}
	out.Registered, out.Count = true, left
	if !last.IsZero() {
		out.LastExpiry = last.UTC().Truncate(time.Microsecond)
	}
	if !s.opt.OtherBackups {
		out.PendingUntil = gone
	}
	if out.LastExpiry.After(out.PendingUntil) {
		out.PendingUntil = out.LastExpiry
	}
	return out, nil
}

// signing is a certificate that was signed and is not kept yet.
type signing struct {
	row certificateRow
	key keyRow
}

// sign signs a document, and fills in the row that is to keep it.
func (s *Service) sign(ctx context.Context, row certificateRow, document any) (*signing, error) {
	const op = "ending.sign"
	signer, err := s.opt.Signer(tenancy.Scope{}.Attach(ctx))
	if err != nil {
		return nil, ErrSigner.Wrap(op, err, "")
	}
	if signer == nil {
		return nil, ErrSigner.New(op, "Options.Signer gave none")
	}
	file, _, public, err := certificate.Sign(signer, document)
	if err != nil {
		return nil, ErrSigner.Wrap(op, err, "")
	}
	row.KeyID, row.File = certificate.KeyID(public), string(file)
	return &signing{row, keyRow{KeyID: row.KeyID, PublicKey: hex.EncodeToString(public), FirstUsedAt: row.IssuedAt}}, nil
}

// issue keeps a certificate with the public key that signed it, says so at the deletion, and has the former owner told: all in one transaction, or, when somebody else has
// issued one meanwhile, none of it.
func (s *Service) issue(h *house, of *deletionRow, c *signing, tell NoticeKind) error {
	return again(h.inside, func() error {
		_, err := tenancy.Act(h.inside, s.db, PermWork, func(ctx context.Context, tx *tenancy.Tx) (struct{}, error) {
			var locked []deletionRow
			var done []certificateRow
			var keys []keyRow
			var roots []deliveryRow
			b := tx.Batch()
			tenancy.Load(b, &locked, tenancy.Eq("of_tenant", of.OfTenant), tenancy.ForUpdate())
			tenancy.Load(b, &done, tenancy.Eq("of_tenant", of.OfTenant), tenancy.Eq("kind", c.row.Kind))
			tenancy.Load(b, &keys, tenancy.Eq("key_id", c.key.KeyID))
			tenancy.Load(b, &roots, tenancy.Eq("of_tenant", of.OfTenant), tenancy.Ne("root", ""), tenancy.ForUpdate())
			if err := b.Run(ctx); err != nil || len(done) > 0 {
				return struct{}{}, err
			}
			b = tx.Batch()
			if len(keys) == 0 {
				key := c.key
				tenancy.Put(b, []*keyRow{&key})
			}
			cert := c.row
			tenancy.Put(b, []*certificateRow{&cert})
			tenancy.Set(b, []*deletionRow{of}, "certified_at", "completed_at", "look_at")
			tenancy.Put(b, []*noticeRow{{Row: tenancy.Row{ID: tenancy.NewID()}, OfTenant: of.OfTenant, EndsAt: of.EndsAt, Kind: string(tell), DueAt: c.row.IssuedAt, TryAt: c.row.IssuedAt}})
			emptied := make([]*deliveryRow, len(roots))
			for i := range roots {
				roots[i].Root = ""
				emptied[i] = &roots[i]
			}
			tenancy.Set(b, emptied, "root")
			return struct{}{}, b.Run(ctx)
		})
		return err // of two that use a new key first, one tries again
	})
}

// Complete completes the certificates of whose tenants nothing is left in registered backups, and whose time has come where there are others, of at most limit (1 to 1,000) tenants, and says how many it looked at. Where the register still knows of backups
// that hold the data, or there is none, the certificate stays pending and is looked at again: [Service.Deletions] lists it. It is for a background job: call it again while it
// gives the limit.
//
// Permission: ending.work, in a context of [tenancy.DB.EnterPlatform]. Errors: tenancy.not_platform, ending.bad_input, ending.signer, and those of [Options].Backups.
func (s *Service) Complete(ctx context.Context, limit int) (int, error) {
	now, err := s.forBackground(ctx, "ending.Complete", limit)
	if err != nil {
		return 0, err
	}
	h, err := s.enter(ctx, "complete")
	if err != nil || h == nil {
		return 0, err
	}
	due, err := tenancy.View(h.inside, s.db, PermWork, func(ctx context.Context, tx *tenancy.Tx) ([]deletionRow, error) {
		return tenancy.Find[deletionRow](ctx, tx, tenancy.IsNull("completed_at"), tenancy.Le("look_at", now), tenancy.OrderBy("look_at", "of_tenant"), tenancy.Limit(limit))
	})
	if err != nil {
		return 0, err
	}
	var wrong []error
	for i := range due {
		if err := s.complete(ctx, h, &due[i], now); err != nil {
			wrong = append(wrong, err)
		}
	}
	return len(due) - len(wrong), errors.Join(wrong...)
}

// lookAgain is how long after a look that found backups the next one comes.
const lookAgain = 24 * time.Hour

func (s *Service) complete(ctx context.Context, h *house, row *deletionRow, now time.Time) error {
	left := -1 // nobody knows
	var last time.Time
	if s.opt.Backups != nil {
		var err error
		if last, left, err = s.opt.Backups.LastExpiry(tenancy.Scope{}.Attach(ctx), row.OfTenant); err != nil {
			return err
		}
	}
	if left != 0 {
		row.LookAt = now.Add(lookAgain)
		if left > 0 && !last.After(now) {
			s.opt.Logger.WarnContext(h.inside, "erp: backups still hold data of a tenant that was deleted, behind the time that its certificate names", "tenant", row.OfTenant, "backups", left)
		}
		_, err := tenancy.Act(h.inside, s.db, PermWork, func(ctx context.Context, tx *tenancy.Tx) (struct{}, error) {
			return struct{}{}, tenancy.Update(ctx, tx, row, "look_at")
		})
		return err
	}
	public, err := s.trusted(h)
	if err != nil {
		return err
	}
	file, err := s.file(h, row.OfTenant, certificate.KindDeletion)
	if err != nil {
		return err
	}
	first, err := certificate.Verify(file, public...)
	if err != nil {
		return ErrSigner.Wrap("ending.Complete", err, "the certificate that is to be completed is not what was signed")
	}
	d := certificate.Completion{Version: certificate.Version, Kind: certificate.KindCompletion, ID: tenancy.NewID(), Issuer: certificate.Issuer{ID: h.own.ID, Name: h.own.Name}, IssuedAt: now,
		TenantID: row.OfTenant, Certificate: first.Deletion.ID, Digest: first.Digest, CheckedAt: now}
	if d.LastExpiry = last.UTC().Truncate(time.Microsecond); last.IsZero() { // all are destroyed, and the register knows no expiry any more
		d.LastExpiry = first.Deletion.Backups.LastExpiry
	}
	signed, err := s.sign(ctx, certificateRow{OfTenant: row.OfTenant, Kind: d.Kind, ID: d.ID, IssuedAt: now}, d)
	if err != nil {
		return err
	}
	row.CompletedAt = now
	return s.issue(h, row, signed, NoticeCompletion)
}

// trusted are all public keys that ever signed.
func (s *Service) trusted(h *house) ([]ed25519.PublicKey, error) {
	rows, err := tenancy.View(h.inside, s.db, PermWork, func(ctx context.Context, tx *tenancy.Tx) ([]keyRow, error) { return tenancy.Find[keyRow](ctx, tx) })
	out := make([]ed25519.PublicKey, 0, len(rows))
	for _, r := range rows {
		if key, bad := hex.DecodeString(r.PublicKey); bad == nil {
			out = append(out, key)
		}
	}
	return out, err
}
