package ending

import (
	"context"
	"crypto/ed25519"
	"encoding/hex"
	"time"

	"github.com/google/uuid"

	"github.com/opsmatiq/erp/privacy/ending/certificate"
	"github.com/opsmatiq/erp/tenancy"
)

// Certificate is a certificate of deletion or its completion, as it was signed.
type Certificate struct {
	ID       uuid.UUID
	TenantID uuid.UUID
	// Kind is certificate.KindDeletion or certificate.KindCompletion.
	Kind     string
	IssuedAt time.Time
	// KeyID is that of the key that signed: see [Service.PublicKeys].
	KeyID string
	// File is what the former owner has, and anybody can verify.
	File []byte
}

// Certificates gives a tenant's certificate of deletion, and behind it its completion; nothing where there is none yet. It is an act in the platform's own tenant.
//
// Permission: ending.read. Errors: ending.not_platform.
func (s *Service) Certificates(ctx context.Context, tenant uuid.UUID) ([]Certificate, error) {
	rows, err := list[certificateRow](ctx, s, "ending.Certificates", tenancy.Eq("of_tenant", tenant), tenancy.OrderBy("-kind"))
	out := make([]Certificate, len(rows))
	for i, r := range rows {
		out[i] = Certificate{ID: r.ID, TenantID: r.OfTenant, Kind: r.Kind, IssuedAt: r.IssuedAt.UTC(), KeyID: r.KeyID, File: []byte(r.File)}
	}
	return out, err
}

// Deletion is where the account of a tenant's deletion stands.
type Deletion struct {
	TenantID uuid.UUID
	BegunAt  time.Time
	// CertifiedAt is zero while the purge goes on or the certificate is owed, CompletedAt while it is pending until LookAt, when the register of backups is asked (again).
	CertifiedAt time.Time
	CompletedAt time.Time
	LookAt      time.Time
}

// Deletions lists the tenants of whose deletion account is given, in the order in which their purges were seen. Page.Sort is "" or "id", "begun_at". It is an act in the platform's own tenant.
//
// Permission: ending.read. Errors: ending.not_platform, tenancy.bad_input (the page).
func (s *Service) Deletions(ctx context.Context, page tenancy.PageRequest) (tenancy.PageOf[Deletion], error) {
	return tenancy.View(ctx, s.db, PermRead, func(ctx context.Context, tx *tenancy.Tx) (tenancy.PageOf[Deletion], error) {
		var out tenancy.PageOf[Deletion]
		if !tx.Scope().OfPlatform() {
			return out, ErrNotPlatform.New("ending.Deletions", "")
		}
		rows, err := tenancy.Page[deletionRow](ctx, tx, page)
		if err != nil {
			return out, err
		}
		out.Next = rows.Next
		for _, r := range rows.Items {
			out.Items = append(out.Items, Deletion{TenantID: r.OfTenant, BegunAt: r.BegunAt.UTC(), CertifiedAt: r.CertifiedAt.UTC(), CompletedAt: r.CompletedAt.UTC(), LookAt: r.LookAt.UTC()})
		}
		return out, nil
	})
}

// PublicKey is a public key that signed certificates.
type PublicKey struct {
	ID          string
	Key         ed25519.PublicKey
	FirstUsedAt time.Time
}

// PEM is the key as a block for publication.
func (k PublicKey) PEM() ([]byte, error) { return certificate.EncodeKey(k.Key) }

// PublicKeys lists the public keys that ever signed, the first used first: they are to be published, and are kept when the keys themselves are long gone. It is an act in the
// platform's own tenant.
//
// Permission: ending.read. Errors: ending.not_platform.
func (s *Service) PublicKeys(ctx context.Context) ([]PublicKey, error) {
	rows, err := list[keyRow](ctx, s, "ending.PublicKeys", tenancy.OrderBy("first_used_at", "key_id"))
	out := make([]PublicKey, 0, len(rows))
	for _, r := range rows {
		key, bad := hex.DecodeString(r.PublicKey)
		if bad != nil || len(key) != ed25519.PublicKeySize {
			return nil, ErrSigner.New("ending.PublicKeys", "the key %s is damaged", r.KeyID)
		}
		out = append(out, PublicKey{ID: r.KeyID, Key: key, FirstUsedAt: r.FirstUsedAt.UTC()})
	}
	return out, err
}
