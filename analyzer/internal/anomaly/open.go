package anomaly

type survival uint8
