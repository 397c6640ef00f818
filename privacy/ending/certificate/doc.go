// Package certificate is the form of a certificate of deletion: what stands in it, how it is signed, and how anybody who has the public
// key tells whether it is genuine, with no database and no network. Package ending makes them.
//
// A certificate is a JSON object of three members: "document", "key" and "signature". The document is the JSON that this package writes
// for a [Deletion] or a [Completion], its members in the order of the struct, without space between them; key is the [KeyID] of the
// Ed25519 key (RFC 8032) that signed, and signature its signature, in base64, over the line "erp certificate 1\n" and the document.
// Space between a file's members may change on its way; everything else is what was signed, or the certificate is not genuine.
package certificate
