-- Requests of persons about their data: the register, which is opaque and stays, and beside it in rows of their own what names somebody.

-- +goose Up

-- Who asked, one row for each request: it is erased by itself when it is not needed any more.
CREATE TABLE erp.requesters (
    tenant_id UUID NOT NULL,
    id UUID NOT NULL,
    name TEXT NOT NULL,
    email TEXT NOT NULL,
    phone TEXT NOT NULL,
    address TEXT NOT NULL,
    PRIMARY KEY (tenant_id, id)
);

-- due_on is the first of the days that are to be kept: the law's, the policy's, and the acknowledgement's until it was sent.
CREATE TABLE erp.subject_requests (
    tenant_id UUID NOT NULL,
    id UUID NOT NULL,
    reference TEXT COLLATE "C" NOT NULL,
    requester_id UUID NOT NULL,
    kind TEXT NOT NULL CHECK (kind IN ('access', 'correction', 'deletion', 'export', 'restriction', 'objection', 'complaint')),
    channel TEXT NOT NULL CHECK (channel IN ('email', 'letter', 'telephone', 'form', 'in_person', 'other')),
    jurisdiction TEXT NOT NULL,
    received_at TIMESTAMPTZ NOT NULL,
    entered_at TIMESTAMPTZ NOT NULL,
    entered_by TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('open', 'waiting', 'answered', 'refused', 'withdrawn')),
    outcome TEXT NOT NULL CHECK (outcome IN ('', 'granted', 'partly', 'nothing_held', 'forwarded')),
    handler TEXT NOT NULL,
    law_from DATE NOT NULL,
    paused_days BIGINT NOT NULL CHECK (paused_days >= 0),
    extra_months BIGINT NOT NULL CHECK (extra_months BETWEEN 0 AND 2),
    extra_days BIGINT NOT NULL CHECK (extra_days BETWEEN 0 AND 90),
    law_due_on DATE,
    policy_due_on DATE NOT NULL,
    acknowledge_due_on DATE,
    due_on DATE NOT NULL,
    acknowledged_at TIMESTAMPTZ,
    extended_at TIMESTAMPTZ,
    waiting_since TIMESTAMPTZ,
    waiting_for TEXT NOT NULL CHECK (waiting_for IN ('', 'identity', 'clarification', 'fee')),
    closed_at TIMESTAMPTZ,
    fulfilled BIGINT NOT NULL CHECK (fulfilled >= 0),
    steps BIGINT NOT NULL CHECK (steps >= 1),
    reported_on DATE NOT NULL,
    from_tenant UUID,
    forward_id UUID,
    PRIMARY KEY (tenant_id, id),
    CONSTRAINT erp_subject_requests_reference UNIQUE (tenant_id, reference),
    CONSTRAINT erp_subject_requests_requester FOREIGN KEY (tenant_id, requester_id) REFERENCES erp.requesters (tenant_id, id),
    CONSTRAINT erp_subject_requests_waiting CHECK ((state = 'waiting') = (waiting_since IS NOT NULL) AND (state = 'waiting') = (waiting_for <> '')),
    CONSTRAINT erp_subject_requests_closed CHECK ((state IN ('open', 'waiting')) = (closed_at IS NULL)),
    CONSTRAINT erp_subject_requests_answer CHECK ((state = 'answered') = (outcome <> '')),
    CONSTRAINT erp_subject_requests_done CHECK (outcome NOT IN ('granted', 'partly') OR fulfilled > 0),
    CONSTRAINT erp_subject_requests_received CHECK (received_at <= entered_at),
    CONSTRAINT erp_subject_requests_extension CHECK ((extended_at IS NULL) = (extra_months = 0 AND extra_days = 0)),
    CONSTRAINT erp_subject_requests_due CHECK (due_on <= policy_due_on AND (law_due_on IS NULL OR due_on <= law_due_on)
        AND (acknowledge_due_on IS NULL OR acknowledged_at IS NOT NULL OR due_on <= acknowledge_due_on)),
    CONSTRAINT erp_subject_requests_forwarded CHECK ((from_tenant IS NULL) = (forward_id IS NULL))
);
CREATE INDEX erp_subject_requests_due_on ON erp.subject_requests (tenant_id, due_on) WHERE closed_at IS NULL;
CREATE INDEX erp_subject_requests_received_at ON erp.subject_requests (tenant_id, received_at);
CREATE INDEX erp_subject_requests_by_requester ON erp.subject_requests (tenant_id, requester_id);
CREATE UNIQUE INDEX erp_subject_requests_forward ON erp.subject_requests (tenant_id, forward_id) WHERE forward_id IS NOT NULL;

-- Whom a request is about, once that is known: by the id of the person's own row, in whichever table. Nothing refers to it, since that row may be
-- erased. id is the request's: it is said once.
CREATE TABLE erp.request_persons (
    tenant_id UUID NOT NULL,
    id UUID NOT NULL,
    person_id UUID NOT NULL,
    kind TEXT NOT NULL,
    received_at TIMESTAMPTZ NOT NULL,
    PRIMARY KEY (tenant_id, id),
    CONSTRAINT erp_request_persons_request FOREIGN KEY (tenant_id, id) REFERENCES erp.subject_requests (tenant_id, id)
);
CREATE INDEX erp_request_persons_person ON erp.request_persons (tenant_id, person_id);

CREATE TABLE erp.request_texts (
    tenant_id UUID NOT NULL,
    request_id UUID NOT NULL,
    ask TEXT NOT NULL,
    fingerprint TEXT NOT NULL,
    PRIMARY KEY (tenant_id, request_id),
    CONSTRAINT erp_request_texts_request FOREIGN KEY (tenant_id, request_id) REFERENCES erp.subject_requests (tenant_id, id)
);

-- What was done, in order. occurred_at is when, as it was stated; entered_at is when we learnt it.
CREATE TABLE erp.request_steps (
    tenant_id UUID NOT NULL,
    request_id UUID NOT NULL,
    seq BIGINT NOT NULL CHECK (seq >= 1),
    reference TEXT COLLATE "C" NOT NULL,
    act TEXT NOT NULL,
    code TEXT NOT NULL,
    channel TEXT NOT NULL,
    state TEXT NOT NULL,
    law_due_on DATE,
    due_on DATE NOT NULL,
    occurred_at TIMESTAMPTZ NOT NULL,
    entered_at TIMESTAMPTZ NOT NULL,
    entered_by TEXT NOT NULL,
    fee_minor BIGINT NOT NULL CHECK (fee_minor >= 0),
    fee_currency TEXT NOT NULL,
    ground TEXT NOT NULL,
    sha256 TEXT NOT NULL,
    size_bytes BIGINT NOT NULL CHECK (size_bytes >= 0),
    PRIMARY KEY (tenant_id, request_id, seq),
    CONSTRAINT erp_request_steps_reference UNIQUE (tenant_id, request_id, reference),
    CONSTRAINT erp_request_steps_stated CHECK (occurred_at <= entered_at),
    CONSTRAINT erp_request_steps_request FOREIGN KEY (tenant_id, request_id) REFERENCES erp.subject_requests (tenant_id, id)
);

CREATE TABLE erp.request_step_texts (
    tenant_id UUID NOT NULL,
    request_id UUID NOT NULL,
    seq BIGINT NOT NULL,
    note TEXT NOT NULL,
    remedies TEXT NOT NULL,
    fingerprint TEXT NOT NULL,
    PRIMARY KEY (tenant_id, request_id, seq),
    CONSTRAINT erp_request_step_texts_step FOREIGN KEY (tenant_id, request_id, seq) REFERENCES erp.request_steps (tenant_id, request_id, seq)
);

-- Restrictions by the request that asked for them: the person's data are free again when the last of them was lifted, which the person was
-- told of before.
CREATE TABLE erp.request_restrictions (
    tenant_id UUID NOT NULL,
    id UUID NOT NULL,
    request_id UUID NOT NULL,
    person_id UUID NOT NULL,
    ground TEXT NOT NULL CHECK (ground IN ('accuracy', 'unlawful', 'claims', 'objection')),
    imposed_at TIMESTAMPTZ NOT NULL,
    announced_at TIMESTAMPTZ,
    lifted_at TIMESTAMPTZ,
    PRIMARY KEY (tenant_id, id),
    CONSTRAINT erp_request_restrictions_told CHECK (lifted_at IS NULL OR announced_at IS NOT NULL AND announced_at < lifted_at),
    CONSTRAINT erp_request_restrictions_request FOREIGN KEY (tenant_id, request_id) REFERENCES erp.subject_requests (tenant_id, id)
);
CREATE UNIQUE INDEX erp_request_restrictions_one ON erp.request_restrictions (tenant_id, request_id) WHERE lifted_at IS NULL;
CREATE INDEX erp_request_restrictions_person ON erp.request_restrictions (tenant_id, person_id) WHERE lifted_at IS NULL;

-- Objections by person and purpose; of a person and a purpose one stands at most.
CREATE TABLE erp.request_objections (
    tenant_id UUID NOT NULL,
    id UUID NOT NULL,
    request_id UUID NOT NULL,
    person_id UUID NOT NULL,
    purpose TEXT NOT NULL CHECK (purpose IN ('provide_service', 'manage_account', 'improve_service', 'communicate', 'ensure_security', 'comply_with_law')),
    state TEXT NOT NULL CHECK (state IN ('pending', 'upheld', 'overruled', 'withdrawn')),
    objected_at TIMESTAMPTZ NOT NULL,
    decided_at TIMESTAMPTZ,
    PRIMARY KEY (tenant_id, id),
    CONSTRAINT erp_request_objections_decided CHECK ((state = 'pending') = (decided_at IS NULL)),
    CONSTRAINT erp_request_objections_request FOREIGN KEY (tenant_id, request_id) REFERENCES erp.subject_requests (tenant_id, id)
);
CREATE UNIQUE INDEX erp_request_objections_one ON erp.request_objections (tenant_id, person_id, purpose) WHERE state IN ('pending', 'upheld');
CREATE INDEX erp_request_objections_by_request ON erp.request_objections (tenant_id, request_id);

-- Whom to tell that a person's data were corrected, erased or restricted (GDPR Art. 19). known_as is by what the recipient knows the person,
-- and is emptied when that is done.
CREATE TABLE erp.recipient_notices (
    tenant_id UUID NOT NULL,
    id UUID NOT NULL,
    request_id UUID NOT NULL,
    seq BIGINT NOT NULL,
    person_id UUID NOT NULL,
    act TEXT NOT NULL CHECK (act IN ('correct', 'erase', 'restrict', 'object', 'lift')),
    recipient_key TEXT COLLATE "C" NOT NULL,
    known_as TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('open', 'told', 'impossible', 'disproportionate')),
    reason TEXT NOT NULL,
    channel TEXT NOT NULL,
    due_from TIMESTAMPTZ NOT NULL,
    closed_at TIMESTAMPTZ,
    closed_by TEXT NOT NULL,
    PRIMARY KEY (tenant_id, id),
    CONSTRAINT erp_recipient_notices_once UNIQUE (tenant_id, request_id, seq, recipient_key),
    CONSTRAINT erp_recipient_notices_closed CHECK ((state = 'open') = (closed_at IS NULL)),
    CONSTRAINT erp_recipient_notices_step FOREIGN KEY (tenant_id, request_id, seq) REFERENCES erp.request_steps (tenant_id, request_id, seq)
);
CREATE INDEX erp_recipient_notices_open ON erp.recipient_notices (tenant_id, due_from) WHERE state = 'open';
CREATE INDEX erp_recipient_notices_person ON erp.recipient_notices (tenant_id, person_id);

-- Whom a notice is for, by name: another than the person whom it is about, so it is not erased with that one.
CREATE TABLE erp.notice_recipients (
    tenant_id UUID NOT NULL,
    notice_id UUID NOT NULL,
    name TEXT NOT NULL,
    PRIMARY KEY (tenant_id, notice_id),
    CONSTRAINT erp_notice_recipients_notice FOREIGN KEY (tenant_id, notice_id) REFERENCES erp.recipient_notices (tenant_id, id)
);

-- Parts of requests that another controller answers for. ask is emptied when it is there.
CREATE TABLE erp.request_forwards (
    tenant_id UUID NOT NULL,
    id UUID NOT NULL,
    request_id UUID NOT NULL,
    to_tenant UUID NOT NULL,
    kind TEXT NOT NULL,
    ask TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('pending', 'received', 'recalled')),
    decided_at TIMESTAMPTZ NOT NULL,
    received_at TIMESTAMPTZ,
    PRIMARY KEY (tenant_id, id),
    CONSTRAINT erp_request_forwards_once UNIQUE (tenant_id, request_id, to_tenant),
    CONSTRAINT erp_request_forwards_received CHECK ((state = 'received') = (received_at IS NOT NULL)),
    CONSTRAINT erp_request_forwards_request FOREIGN KEY (tenant_id, request_id) REFERENCES erp.subject_requests (tenant_id, id)
);
CREATE INDEX erp_request_forwards_pending ON erp.request_forwards (tenant_id, decided_at) WHERE state = 'pending';
